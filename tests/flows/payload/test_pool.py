"""Buffers are borrowed while they are needed: TCP in order, ten seconds at most, never more than there are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.flows import build
from tests.flows.build import ACK, START_US, SYN, Frame
from tests.flows.payload.speech import COLUMNS, flows_of, heard, over_tcp, over_udp, segment

from clan.flows import EarlyReports, FlowSettings
from clan.flows.payload import pool as pool_module

BODY = bytes(np.random.default_rng(3).integers(0, 256, 1500, np.uint8))


def forward(pieces: Sequence[tuple[int, int]], *, base: int = 1000) -> list[Frame]:
    """Segments that carry BODY[start:end], a millisecond apart."""
    return [segment(0, base + a, BODY[a:b], ts=START_US + 1000 * i) for i, (a, b) in enumerate(pieces)]


IN_ORDER = heard(forward([(0, 700), (700, 1400)]))


@pytest.mark.parametrize(
    "pieces",
    [
        [(0, 700), (0, 700), (700, 1400)],
        [(0, 700), (200, 900), (800, 1500)],
        [(0, 300), (700, 1400), (300, 700), (700, 1400)],
        [(0, 1), (1, 1025)],
        [(0, 1024)],
        [(0, 700), (699, 700), (700, 1024)],
    ],
)
def test_retransmitted_and_overlapping_segments_change_nothing(pieces: list[tuple[int, int]]) -> None:
    assert heard(forward(pieces)) == IN_ORDER


@pytest.mark.parametrize("base", [0, 1, 0xFFFFFFFF, 0xFFFFFE00])
def test_sequence_numbers_wrap(base: int) -> None:
    assert heard(forward([(0, 700), (700, 1400)], base=base)) == IN_ORDER


def test_a_lost_segment_leaves_the_rest_unknown() -> None:
    row = heard(forward([(0, 300), (700, 1400)]))
    assert row["payload_fwd_seen"] == 300
    assert row["payload_fwd_entropy"] is None


def test_payload_of_a_syn_comes_behind_it() -> None:
    frames = [
        segment(0, 999, BODY[:100], ts=START_US, flags=SYN),
        segment(0, 1100, BODY[100:1100], ts=START_US + 1, flags=ACK),
    ]
    assert heard(frames) == IN_ORDER


def test_a_keep_alive_is_no_payload_of_its_own() -> None:
    frames = [*forward([(0, 700)]), segment(0, 1699, b"\0", ts=START_US + 5000), *forward([(0, 700), (700, 1400)])[1:]]
    assert heard(sorted(frames)) == IN_ORDER


def test_later_fragments_are_not_looked_at() -> None:
    first = build.ipv4("10.0.0.1", "10.0.0.2", 17, build.udp(1, 2, bytes(16)), identification=7, more=True)
    later = build.ipv4("10.0.0.1", "10.0.0.2", 17, BODY[:96], identification=7, offset=24)
    row = heard([Frame(START_US + i, build.ethernet(packet)) for i, packet in enumerate((first, later))])
    assert (row["payload_fwd_seen"], row["payload_fwd_entropy"]) == (16, None)


def test_ten_seconds_are_enough() -> None:
    """What comes later does not count, whether or not other flows need buffers."""
    said = over_udp([(0, b"a"), (1, b"b"), (0, b"c")], port=9)
    late = [said[0], said[1]._replace(ts=START_US + 10_000_000), said[2]._replace(ts=START_US + 10_000_001)]
    row = heard(late)
    assert (row["payload_fwd_seen"], row["payload_bwd_seen"]) == (1, 1)
    others = [frame for i in range(20) for frame in over_udp([(0, b"x")], client=i, start=START_US + 11_000_000)]
    flows, _ = flows_of([said[0], said[1], *others, said[2]._replace(ts=START_US + 11_000_001)])
    assert flows.filter(src_port=4000)["payload_fwd_seen"].to_list() == [1]


def test_more_flows_than_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that come when all are lent go without, and are counted; buffers come back when flows end or age."""
    monkeypatch.setattr(pool_module, "MOST_BUFFERS", 8)
    frames = [frame for i in range(20) for frame in over_udp([(0, b"abc")], client=i + 1, start=START_US + i)]
    frames += over_udp([(0, b"abc")], client=99, start=START_US + 10_000_100)
    flows, engine = flows_of(frames)
    seen = flows.sort("src_port")["payload_fwd_seen"].to_list()
    assert seen == [3] * 8 + [None] * 12 + [3]
    assert engine.counts()["payload_without_room"] == 12
    without = flows.filter(pl.col("payload_fwd_seen").is_null()).select(COLUMNS)
    assert without.null_count().row(0) == (12,) * len(COLUMNS)


def test_every_buffer_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of flows through few buffers and few slots, with early reports, evictions and resets of the clock."""
    monkeypatch.setattr(pool_module, "MOST_BUFFERS", 50)
    rng = np.random.default_rng(1)
    frames, ts = [], START_US
    for i in range(6000):
        ts += int(rng.choice([10, 1000, 400_000])) - (4_000_000_000 if i == 3000 else 0)
        data = BODY[: int(rng.choice([0, 1, 500, 1400]))]
        frames += over_udp([(int(rng.integers(2)), data)], client=int(rng.integers(1, 300)), start=ts)
    early = EarlyReports(packets=3, seconds=None)
    flows, engine = flows_of(frames, settings=FlowSettings(max_flows=64), early=early)
    pool = engine._table.payload
    assert sorted(pool.free[: pool.control[0]]) == list(range(50))
    assert pool.control[1:].tolist() == [0, -1, -1]
    assert engine.counts()["clock_resets"] == 1
    without = flows.group_by("early").agg(pl.col("payload_fwd_seen").null_count()).sort("early").to_series(1)
    assert 0 < without[0] <= engine.counts()["payload_without_room"] <= without.sum()


def test_an_early_report_knows_what_was_said_so_far() -> None:
    said = over_tcp([(0, BODY[:400]), (1, BODY[:300]), (0, BODY[400:800])])
    flows, _ = flows_of(said, early=EarlyReports(packets=2, seconds=None))
    assert_frame_equal(flows.filter("early").select(COLUMNS), flows_of(said[:2])[0].select(COLUMNS))
    assert_frame_equal(flows.filter(~pl.col("early")).select(COLUMNS), flows_of(said)[0].select(COLUMNS))


def test_an_early_report_after_the_payload_was_digested() -> None:
    said = over_tcp([(0, BODY), (1, BODY), (0, b"more")])
    for packets in range(6, 8):
        flows, _ = flows_of(said, early=EarlyReports(packets=packets, seconds=None))
        early, final = flows.filter("early").select(COLUMNS), flows.filter(~pl.col("early")).select(COLUMNS)
        assert_frame_equal(early, final)
        assert final["payload_bwd_seen"].to_list() == [1024]
