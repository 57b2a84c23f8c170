"""Records leave in the order of their ends, within a window, whatever the pieces in which they came."""

from __future__ import annotations

from itertools import pairwise

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from clan.sources.records import Reorder


def frame(ends: list[int], uids: list[str] | None = None) -> pl.DataFrame:
    names = uids or [f"u{i}" for i in range(len(ends))]
    return pl.DataFrame({"ts_end": ends, "uid": names}, schema={"ts_end": pl.Int64(), "uid": pl.String()})


def run(rows: pl.DataFrame, cuts: list[int], window: int) -> tuple[pl.DataFrame, Reorder]:
    order = Reorder(window)
    edges = [0, *sorted(cuts), rows.height]
    out = [t for a, b in pairwise(edges) for t in order.push(rows[a:b])]
    return pl.concat([rows.clear(), *out, *order.flush()]), order


@given(st.lists(st.integers(0, 50), max_size=60), st.lists(st.integers(0, 60), max_size=5), st.integers(1, 20))
@settings(max_examples=60)
def test_pieces_change_nothing_and_nothing_is_lost(ends: list[int], cuts: list[int], window: int) -> None:
    rows = frame(ends)
    whole, first = run(rows, [], window)
    parts, second = run(rows, [min(cut, rows.height) for cut in cuts], window)
    assert whole.equals(parts)
    assert first.late == second.late
    assert whole.sort("uid").equals(rows.sort("uid"))


def test_what_comes_within_the_window_is_in_order() -> None:
    rows = frame([3, 1, 2, 6, 5, 4, 9, 8, 7])
    found, order = run(rows, [], 3)
    assert found["ts_end"].to_list() == list(range(1, 10))
    assert order.late == 0


def test_what_comes_too_late_leaves_all_the_same_and_is_counted() -> None:
    found, order = run(frame([10, 11, 12, 13, 14, 15, 1, 2]), [], 2)
    assert sorted(found["ts_end"]) == [1, 2, 10, 11, 12, 13, 14, 15]
    assert order.late == 2


def test_a_clock_that_jumped_ahead_holds_nothing_back() -> None:
    found, order = run(frame([1, 2, 10**15, *range(3, 30)]), [], 4)
    assert found["ts_end"].to_list() == [*range(1, 30), 10**15]
    assert order.late == 0


def test_twice_is_once_also_over_the_seam_of_two_tables() -> None:
    rows = frame([1, 1, 2, 2, 3, 3, 4, 4], list("aabbccdd"))
    found, order = run(rows, [], 1)
    assert found["uid"].to_list() == list("abcd")
    assert order.duplicates == 4
