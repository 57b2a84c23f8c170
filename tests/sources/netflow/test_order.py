"""Flows leave in order of their ends, late ones counted, with bounded memory."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from clan.sources.netflow.order import FlowOrder


def flows(*ends: int) -> pl.DataFrame:
    """Flows that end at these seconds."""
    return pl.DataFrame({"end": [end * 1_000_000 for end in ends]}, schema={"end": pl.Int64()})


def seconds(batches: list[pl.DataFrame]) -> list[int]:
    return [end // 1_000_000 for batch in batches for end in batch["end"]]


@given(st.lists(st.lists(st.integers(0, 200), max_size=6), max_size=12), st.integers(0, 100))
def test_everything_leaves_once_and_in_order_unless_late(batches: list[list[int]], hold: int) -> None:
    order = FlowOrder(hold_us=hold * 1_000_000)
    out, newest, late, left = [], -1, 0, -1
    for batch in batches:
        late += sum(end < left for end in batch)
        newest = max([newest, *batch])
        given_ = seconds(list(order.add(flows(*batch))))
        assert all(end <= newest - hold for end in given_)
        left = max([left, *given_])
        out += given_
    out += seconds(list(order.finish()))
    assert sorted(out) == sorted(end for batch in batches for end in batch)
    assert order.late == late
    assert order.held == 0
    if not late:
        assert out == sorted(out)


def test_no_more_is_held_than_allowed() -> None:
    order = FlowOrder(hold_us=1 << 50, most=3)
    assert seconds(list(order.add(flows(5, 4, 3, 2, 1)))) == [1, 2]
    assert order.held == 3


def test_a_clock_lets_flows_leave_where_none_come() -> None:
    order = FlowOrder(hold_us=10_000_000)
    assert list(order.add(flows(1, 2))) == []
    assert list(order.advance(10_999_999)) == []
    assert seconds(list(order.advance(11_000_000))) == [1]
