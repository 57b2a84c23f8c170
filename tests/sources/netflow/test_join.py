"""Both directions of a conversation become one flow: which is forward, what belongs together, how long is waited."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest

from clan.sources.netflow.conversation import APART_US
from clan.sources.netflow.flow import to_flows
from clan.sources.netflow.join import LONGEST_US, WAIT_US, Joiner
from clan.sources.netflow.record import RECORD

A, B = 1, 2
S, SA, FIN = 0x02, 0x12, 0x11
SECOND = 1_000_000


def record(src: int = A, dst: int = B, *, start: int = 0, end: int = 1, **values: int | None) -> dict[str, int | None]:
    """A record; times in s, ports 40000 at A and 80 at B."""
    ports = {A: 40000, B: 80}
    row: dict[str, int | None] = {"src_hi": 0, "dst_hi": 0, "version": 4, "protocol": 6, "packets": 1, "bytes": 100}
    row |= {"flags": 0, "src_lo": src, "dst_lo": dst, "src_port": ports[src], "dst_port": ports[dst]}
    return row | {"start": start * SECOND, "end": end * SECOND} | values


def table(*rows: dict[str, int | None]) -> pl.DataFrame:
    return pl.DataFrame([{**dict.fromkeys(RECORD), **row, "order": i} for i, row in enumerate(rows)], schema=RECORD)


def joined(*rows: dict[str, int | None]) -> tuple[list[dict[str, int]], Counter[str]]:
    counts = Counter[str]()
    joiner = Joiner(counts)
    batches = [*joiner.add(table(*rows), 0), *joiner.finish()]
    return pl.concat(batches).sort("start", "order").to_dicts(), counts


def forward(flow: dict[str, int]) -> int:
    return flow["src_lo"]


def test_both_directions_are_one_flow() -> None:
    (flow,), _ = joined(
        record(B, A, start=1, end=9, packets=3, bytes=300, flags=SA), record(start=0, end=5, packets=4, flags=S)
    )
    assert (flow["src_lo"], flow["dst_port"], flow["start"], flow["end"]) == (A, 80, 0, 9 * SECOND)
    assert (flow["packets"], flow["back_packets"], flow["back_bytes"]) == (4, 3, 300)
    assert (flow["flags"], flow["back_flags"]) == (S, SA)


def test_a_direction_without_answer_has_counts_of_zero() -> None:
    (flow,), _ = joined(record(flags=S))
    assert (flow["back_packets"], flow["back_bytes"], flow["back_flags"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([record(B, A, start=0), record(A, B, start=1)], B),  # who sent first
        ([record(B, A), record(A, B)], A),  # at the same time: towards the lower port
        ([record(B, A, flags=S), record(A, B)], B),  # at the same time: who alone has SYN
        ([record(B, A, dst_port=80), record(A, B, src_port=80)], B),  # nothing tells: who came first
    ],
)
def test_which_direction_is_forward(rows: list[dict[str, int | None]], expected: int) -> None:
    (flow,), _ = joined(*rows)
    assert forward(flow) == expected


def test_parts_of_a_long_conversation_are_one_flow() -> None:
    (flow,), _ = joined(
        *(record(start=60 * i, end=60 * i + 59) for i in range(3)),
        *(record(B, A, start=60 * i, end=60 * i + 59, packets=2) for i in range(3)),
    )
    assert (flow["packets"], flow["back_packets"], flow["end"]) == (3, 6, 179 * SECOND)


def test_silence_or_a_new_syn_begins_another_flow() -> None:
    late = APART_US // SECOND + 2
    flows, _ = joined(
        record(flags=S | FIN), record(B, A, flags=SA | FIN),
        record(start=2, end=3, flags=S | FIN), record(B, A, start=2, end=3, flags=SA | FIN),
        record(start=late + 3, end=late + 4, flags=0x10), record(B, A, start=late + 3, end=late + 4),
    )  # fmt: skip
    assert [(f["start"] // SECOND, f["packets"], f["back_packets"]) for f in flows] == [
        (0, 1, 1),
        (2, 1, 1),
        (late + 3, 1, 1),
    ]


def test_ports_and_protocols_keep_conversations_apart() -> None:
    flows, _ = joined(record(), record(src_port=40001), record(protocol=17), record(version=6))
    assert len(flows) == 4


def test_a_record_that_was_sent_twice_counts_once() -> None:
    (flow,), counts = joined(record(), record(), record(B, A))
    assert (flow["packets"], counts["duplicate_records"]) == (1, 1)


def test_records_of_both_directions_stay_as_they_are() -> None:
    (flow,), _ = joined(record(back_packets=5, back_bytes=500, back_flags=SA))
    assert (flow["packets"], flow["back_packets"], flow["back_flags"]) == (1, 5, SA)


def test_what_a_record_does_not_tell_is_unknown() -> None:
    (flow,), _ = joined(record(flags=None, packets=None), record(B, A, flags=None, packets=None))
    assert flow["flags"] is flow["back_flags"] is flow["packets"] is flow["back_packets"] is None
    assert flow["back_bytes"] == 100


def test_an_answer_is_waited_for_but_not_for_ever() -> None:
    joiner = Joiner(Counter())
    empty = table()
    assert list(joiner.add(table(record()), 0)) == []
    assert list(joiner.add(empty, WAIT_US - 1)) == []
    (left,) = joiner.add(empty, WAIT_US)
    assert left.height == 1
    assert joiner.waiting == 0
    for second in range(0, LONGEST_US // SECOND, 10):
        assert list(joiner.add(table(record(start=second, end=second + 1)), second * SECOND)) == []
    (left,) = joiner.add(empty, LONGEST_US)
    assert left["packets"].to_list() == [LONGEST_US // SECOND // 10]


def test_an_answer_after_a_while_finds_its_question() -> None:
    joiner = Joiner(Counter())
    assert list(joiner.add(table(record()), 0)) == []
    assert list(joiner.add(table(record(B, A)), WAIT_US - 1)) == []
    assert list(joiner.add(table(), WAIT_US)) == []
    (left,) = joiner.add(table(), 2 * WAIT_US)
    assert left["back_packets"].to_list() == [1]


def test_what_waits_is_bounded_and_the_oldest_go() -> None:
    counts = Counter[str]()
    joiner = Joiner(counts, most=10)
    first = table(*(record(src_port=i) for i in range(10)))
    assert list(joiner.add(first, 0)) == []
    (left,) = joiner.add(table(record(src_port=11)), 1)
    assert sorted(left["src_port"]) == [0, 1, 2, 3, 4]
    assert (counts["records_not_waited_for"], joiner.waiting) == (5, 6)


def test_many_conversations_at_once_do_not_mix() -> None:
    """Every conversation of a large table has the sums of its own records."""
    rows = [record(src_port=i % 500, dst_port=1000 + i % 7, packets=i + 1) for i in range(3500)]
    flows, _ = joined(
        *rows, *(r | {"src_lo": B, "dst_lo": A, "src_port": r["dst_port"], "dst_port": r["src_port"]} for r in rows)
    )
    assert len(flows) == 3500
    assert sum(f["packets"] for f in flows) == sum(f["back_packets"] for f in flows) == sum(range(3501))
    assert all(f["packets"] == f["back_packets"] for f in flows)


def test_flows_that_end_at_once_are_in_order_of_uid() -> None:
    counts = Counter[str]()
    joiner = Joiner(counts)
    batches = [*joiner.add(table(*(record(src_port=i) for i in range(50))), 0), *joiner.finish()]
    uids = to_flows(pl.concat(batches), "e")["uid"].to_list()
    assert uids == sorted(uids)
    assert len(set(uids)) == 50
