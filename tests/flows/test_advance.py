"""Live, flows leave by the clock and as soon as their order is certain, and they are the flows of a recording."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.flows.build import ETHERNET, START_US
from tests.flows.run import SMALL, packets_of, run
from tests.flows.test_lifecycle import SECOND, numbered, send

from clan.flows import FlowEngine, FlowSettings


def test_a_silent_flow_ends_by_the_clock() -> None:
    engine = FlowEngine(SMALL, source="test")
    assert list(engine.feed(packets_of([send(0), send(1)], ETHERNET))) == []
    assert list(engine.advance(START_US + 121 * SECOND)) == []
    assert engine.open_flows == 1
    (flows,) = engine.advance(START_US + 121 * SECOND + 1)
    assert flows.height == 1
    assert engine.open_flows == 0
    assert list(engine.finish()) == []


def test_without_a_time_nothing_ends() -> None:
    engine = FlowEngine(SMALL, source="test")
    list(engine.feed(packets_of([send(0)], ETHERNET)))
    assert list(engine.advance()) == []
    assert list(engine.advance(START_US - 10**12)) == []
    assert sum(batch.height for batch in engine.finish()) == 1


def test_a_flow_waits_only_for_flows_that_may_end_before_it() -> None:
    """A short UDP flow must not wait for the TCP timeout when no TCP flow is open."""
    engine = FlowEngine(SMALL, source="test")
    list(engine.feed(packets_of([numbered(START_US, 1, 17, 0), numbered(START_US + 61 * SECOND, 2, 17, 0)], ETHERNET)))
    (flows,) = engine.advance()
    assert flows.height == 1


def test_an_engine_without_packets_can_be_advanced() -> None:
    engine = FlowEngine(SMALL, source="test")
    assert list(engine.advance()) == list(engine.advance(START_US)) == list(engine.finish()) == []
    assert engine.open_flows == 0


@pytest.mark.parametrize("max_flows", [16, 1000])
@settings(max_examples=25)
@given(data=st.data())
def test_flows_and_their_order_are_those_of_a_recording(max_flows: int, data: st.DataObject) -> None:
    cut = FlowSettings(tcp_idle_timeout_s=4, udp_idle_timeout_s=2, tcp_closed_timeout_s=1, max_flows=max_flows)
    steps = data.draw(
        st.lists(
            st.tuples(
                st.floats(0, 3), st.integers(0, 30), st.sampled_from([6, 17]), st.sampled_from([0x10, 2, 0x11, 4])
            ),
            min_size=1,
            max_size=120,
        )
    )
    frames, now = [], float(START_US)
    for gap, client, protocol, flags in steps:
        now += gap * SECOND
        frames.append(numbered(int(now), client, protocol, flags))
    expected, counts = run(frames, settings=cut)
    engine, batches = FlowEngine(cut, source="test"), []
    for i, frame in enumerate(frames):
        batches += list(engine.feed(packets_of([frame], ETHERNET)))
        if data.draw(st.booleans()):
            until = frames[i + 1].ts if i + 1 < len(frames) else frame.ts
            batches += list(engine.advance(data.draw(st.integers(frame.ts, until))))
    batches += list(engine.finish())
    live = pl.concat(batches)
    assert_frame_equal(live.sort("ts_end", "uid"), expected.sort("ts_end", "uid"))
    if not counts["evicted_flows"]:
        assert_frame_equal(live, expected)
