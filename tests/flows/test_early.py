"""A long flow is reported once before its end, under the uid of the flow, and changes nothing about the flow."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.flows.build import ETHERNET, Frame
from tests.flows.run import SMALL, packets_of, run
from tests.flows.test_lifecycle import numbered, send

from clan.errors import ConfigError
from clan.flows import EarlyReports, FlowEngine, FlowSettings


def reported(
    frames: Sequence[Frame], early: EarlyReports, settings: FlowSettings = SMALL
) -> tuple[pl.DataFrame, pl.DataFrame, FlowEngine]:
    """The early reports, the flows, and the engine."""
    engine = FlowEngine(settings, source="test", early=early)
    table = pl.concat([*engine.feed(packets_of(frames, ETHERNET)), *engine.finish()])
    return table.filter("early").drop("early"), table.filter(~pl.col("early")).drop("early"), engine


def test_by_number_of_packets() -> None:
    frames = [send(i / 100) for i in range(10)]
    early, flows, engine = reported(frames, EarlyReports(packets=4, seconds=None))
    expected, _ = run(frames[:4])
    assert_frame_equal(early, expected)
    assert_frame_equal(flows, run(frames)[0])
    assert flows["uid"].to_list() == early["uid"].to_list()
    assert engine.counts()["early_reports"] == 1


def test_by_age() -> None:
    frames = [send(at) for at in (0, 5, 29.9, 30, 31, 80)]
    early, flows, _ = reported(frames, EarlyReports(packets=None, seconds=30))
    assert_frame_equal(early, run(frames[:4])[0])
    assert_frame_equal(flows, run(frames)[0])


@pytest.mark.parametrize("gaps", [(0.1,) * 100, (20.0,) * 20])
def test_whichever_comes_first_and_only_once(gaps: tuple[float, ...]) -> None:
    frames = [send(sum(gaps[:i])) for i in range(len(gaps))]
    early, flows, _ = reported(frames, EarlyReports(packets=50, seconds=30))
    assert (early.height, flows.height) == (1, 1)
    n = early.select(pl.col("fwd_pkt_cnt") + pl.col("bwd_pkt_cnt")).item()
    assert n == (50 if gaps[0] < 1 else 3)


def test_every_part_of_a_flow_that_is_cut_is_reported() -> None:
    early, flows, _ = reported(
        [send(60 * i) for i in range(61)], EarlyReports(), FlowSettings(active_timeout_s=1800, max_flows=1000)
    )
    assert flows.height == 2
    assert sorted(early["uid"]) == sorted(flows["uid"])


def test_reports_of_many_flows_at_once_in_a_small_table() -> None:
    """Copies need slots too; the table has room for 16 and is never overrun."""
    frames = [numbered(10**15 + 1000 * i, i % 40, 17, 0) for i in range(4000)]
    early, flows, engine = reported(frames, EarlyReports(packets=2, seconds=None), FlowSettings(max_flows=16))
    plain = FlowEngine(FlowSettings(max_flows=16), source="test")
    n_plain = sum(batch.height for batch in [*plain.feed(packets_of(frames, ETHERNET)), *plain.finish()])
    assert n_plain > 40
    assert flows.select(pl.col("fwd_pkt_cnt") + pl.col("bwd_pkt_cnt")).to_series().sum() == 4000
    assert early.height == engine.counts()["early_reports"]
    assert early["uid"].is_in(flows["uid"].implode()).all()


def test_none_are_the_default() -> None:
    flows, counts = run([send(i) for i in range(100)])
    assert "early" not in flows.columns
    assert counts["early_reports"] == 0


@pytest.mark.parametrize(
    ("wrong", "message"), [({"packets": 1}, "need 2 packets or more, got 1"), ({"seconds": 0}, "above 0 seconds")]
)
def test_settings_that_make_no_sense(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        EarlyReports(**wrong)
