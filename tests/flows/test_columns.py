"""Columns of flows that are too large for the reference: nothing overflows, nothing cancels."""

from __future__ import annotations

import math

import pytest
from tests.flows import build
from tests.flows.build import ACK, START_US, Frame
from tests.flows.run import one_flow


@pytest.mark.parametrize("n", [10_000, 50_000])
def test_length_deviation_of_a_large_transfer(n: int) -> None:
    """Above 3 GB the square of the bytes does not fit into 63 bits; half of the packets are 100 bytes smaller."""
    frames = []
    for size in (65_000, 64_900):
        head = build.ethernet(build.ipv4("10.0.0.1", "10.0.0.2", 6, build.tcp(1, 2, ACK), total=40 + size))
        frames.append(Frame(START_US, head, 54 + size))
    flow = one_flow(frames * n)
    assert flow["fwd_pkt_len_tot"] == n * 129_900
    expected = 50 * math.sqrt(2 * n / (2 * n - 1))
    assert flow["pkt_len_std"] == pytest.approx(expected, rel=1e-6)
    assert flow["fwd_pkt_len_std"] == pytest.approx(expected, rel=1e-6)
    assert flow["pkt_len_var"] == pytest.approx(expected**2, rel=1e-6)


def test_equal_lengths_have_no_deviation() -> None:
    head = build.ethernet(build.ipv4("10.0.0.1", "10.0.0.2", 17, build.udp(1, 2), total=1501))
    flow = one_flow([Frame(START_US + i, head, 1515) for i in range(3000)])
    assert (flow["pkt_len_std"], flow["fwd_pkt_len_std"]) == (0, 0)


def test_gaps_of_a_slow_beacon_do_not_cancel() -> None:
    """Gaps of 59 s that differ by a microsecond."""
    head = build.ethernet(build.ip("10.0.0.1", "10.0.0.2", 17, build.udp(1, 2)))
    frames, ts = [], START_US
    for i in range(21):
        frames.append(Frame(ts, head))
        ts += 59_000_000 + i % 2
    flow = one_flow(frames)
    assert flow["iat_std"] == pytest.approx(math.sqrt(5 / 19), rel=1e-6)
    assert flow["fwd_iat_std"] == flow["iat_std"]
    assert flow["idle_std"] == flow["iat_std"]
