"""Addresses are written as RFC 5952 and the ipaddress module write them; uids are the same in every run and unique."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.flows import build
from tests.flows.build import START_US, Frame
from tests.flows.run import one_flow, run

GROUPS = st.lists(st.sampled_from([0, 0, 0, 1, 0x10, 0xABC, 0xFFFF]), min_size=8, max_size=8)


def udp_frame(src: str, dst: str, ts: int = START_US, port: int = 1000) -> Frame:
    return Frame(ts, build.ethernet(build.ip(src, dst, 17, build.udp(port, 53))))


@settings(max_examples=100)
@given(GROUPS, GROUPS)
def test_ipv6(one: list[int], other: list[int]) -> None:
    """Runs of zeros at the front, at the end, two of one length, a single zero group."""
    src, dst = (str(ipaddress.IPv6Address(":".join(f"{group:x}" for group in groups))) for groups in (one, other))
    flow = one_flow([udp_frame(src, dst)])
    assert (flow["src_ip"], flow["dst_ip"]) == (src, dst)


@pytest.mark.parametrize(
    "address", ["::", "::1", "1::", "1:0:0:2::3", "1::2:0:0:3", "::ffff:102:304", "1:2:3:4:5:6:7:8"]
)
def test_ipv6_at_its_corners(address: str) -> None:
    expected = str(ipaddress.IPv6Address(address))
    if expected.startswith("::ffff:") and "." in expected:  # newer Pythons write mapped addresses with dots
        expected = "::ffff:102:304"
    assert one_flow([udp_frame(address, "2001:db8::9")])["src_ip"] == expected


@settings(max_examples=50)
@given(st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1))
def test_ipv4(one: int, other: int) -> None:
    src, dst = str(ipaddress.IPv4Address(one)), str(ipaddress.IPv4Address(other))
    flow = one_flow([udp_frame(src, dst)])
    assert (flow["src_ip"], flow["dst_ip"]) == (src, dst)


def test_uids_repeat_and_are_unique() -> None:
    """Flows that follow each other on the same endpoints differ too, even at the same microsecond."""
    rng = np.random.default_rng(0)
    frames = [udp_frame(f"10.{a}.0.1", "10.0.0.2", port=int(p)) for a, p in rng.integers(0, 256, (4000, 2))]
    again = Frame(START_US, build.ethernet(build.ip("10.0.0.1", "10.0.0.2", 6, build.tcp(1, 2, build.RST))))
    syn = Frame(START_US, build.ethernet(build.ip("10.0.0.1", "10.0.0.2", 6, build.tcp(1, 2, build.SYN))))
    frames += [syn, again, syn, again, syn, again]
    flows, _ = run(frames)
    assert flows["uid"].n_unique() == flows.height > 2000
    assert flows.filter(protocol=6).height == 3
    assert flows["uid"].str.contains(r"^C[0-9a-z]{17}$").all()
    assert flows.equals(run(frames)[0])
