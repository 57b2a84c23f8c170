"""Finished flows wait no longer than they must, and no more of them than there is room for."""

from __future__ import annotations

import numpy as np
from tests.flows import build
from tests.flows.build import START_US

from clan.flows import FlowEngine, FlowSettings, Packets
from clan.flows.waiting import BATCH_FLOWS, most_waiting

MAX_FLOWS = 1_000


UDP = build.ip("10.0.0.1", "10.0.0.2", 17, build.udp(1, 2))
RESET = build.ip("10.0.0.1", "10.0.0.2", 6, build.tcp(1, 2, build.RST))
QUIET = build.ip("10.0.0.1", "10.0.0.2", 6, build.tcp(1, 2, build.SYN))


def flood(n: int, *, first: int, step_us: int, packet: bytes = UDP) -> Packets:
    """One packet each of as many flows, one behind the other."""
    template = np.frombuffer(build.ethernet(packet), np.uint8)
    frames = np.tile(template, (n, 1))
    number = np.arange(first, first + n, dtype=">u4")
    frames[:, 26:30] = number.view(np.uint8).reshape(n, 4)  # source address
    size = np.full(n, template.size, np.int64)
    return Packets(
        buffer=frames.ravel(),
        offset=np.cumsum(size) - size,
        captured=size,
        length=size,
        ts=START_US + step_us * np.arange(first, first + n, dtype=np.int64),
        link_type=np.full(n, build.ETHERNET, np.int64),
    )


def test_a_flood_leaves_as_it_is_evicted() -> None:
    """Nothing open can end before the flow that was silent longest, so evicted flows need not wait for the timeout."""
    engine = FlowEngine(FlowSettings(max_flows=MAX_FLOWS), source="flood")
    left, most_in_use, n = 0, 0, 100_000
    for first in range(0, n, 5_000):
        left += sum(frame.height for frame in engine.feed(flood(5_000, first=first, step_us=10)))
        most_in_use = max(most_in_use, first + 5_000 - left)
    counts = engine.counts()
    assert counts["evicted_flows"] >= n - 2 * MAX_FLOWS
    assert most_in_use < MAX_FLOWS + 3 * BATCH_FLOWS
    left += sum(frame.height for frame in engine.finish())
    assert (left, counts["late_flows"]) == (n, 0)


def test_when_too_many_wait_those_that_ended_first_leave() -> None:
    """One silent flow must not hold back others without end; that it then comes out of order is counted."""
    max_flows = 10_000
    engine = FlowEngine(FlowSettings(max_flows=max_flows), source="held back")
    list(engine.feed(flood(1, first=0, step_us=0, packet=QUIET)))
    n, left = 2 * most_waiting(max_flows), 0
    for first in range(1, n, 10_000):  # reset at once, so they end after 5 s; the silent one is open for 120 s
        left += sum(f.height for f in engine.feed(flood(10_000, first=first, step_us=1_000, packet=RESET)))
    assert engine.counts()["evicted_flows"] == 0
    assert engine.open_flows > 5_000
    assert 0 < engine.counts()["flows"] - left - engine.open_flows <= most_waiting(max_flows)
    left += sum(frame.height for frame in engine.finish())
    assert left == engine.counts()["flows"] > n
    assert engine.counts()["late_flows"] == 1
