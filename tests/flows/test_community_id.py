"""Community IDs equal the published vectors, and hashlib's SHA-1 for any endpoints, in both directions."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.flows import build
from tests.flows.build import START_US, Frame
from tests.flows.reference import community_id, icmp_ports
from tests.flows.run import one_flow, run

ADDRESSES = st.one_of(st.integers(0, (1 << 32) - 1), st.sampled_from([0, 1, 0x7F000001, (1 << 32) - 1]))
PORTS = st.integers(0, 65535)


def transport(protocol: int, source: int, target: int) -> bytes:
    """The transport header of a protocol; for ICMP, type and code."""
    if protocol == 6:
        return build.tcp(source, target, build.ACK)
    if protocol == 17:
        return build.udp(source, target)
    if protocol == 132:
        return build.sctp(source, target)
    if protocol in (1, 58):
        return build.icmp(source, target)
    return b"12345678"


def id_of(src: str, dst: str, protocol: int, source: int = 0, target: int = 0) -> object:
    packet = build.ip(src, dst, protocol, transport(protocol, source, target))
    return one_flow([Frame(START_US, build.ethernet(packet))])["community_id"]


@pytest.mark.parametrize(
    ("protocol", "a", "a_port", "b", "b_port", "expected"),
    [
        (6, "128.232.110.120", 34855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
        (17, "192.168.1.52", 54585, "8.8.8.8", 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
        (
            6,
            "2001:470:e5bf:dead:4957:2174:e82c:4887",
            63943,
            "2607:f8b0:400c:c03::1a",
            25,
            "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
        ),
        (132, "192.168.170.8", 7, "192.168.170.56", 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="),
        (46, "10.1.12.1", 0, "10.1.12.2", 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="),
    ],
)
def test_published_vectors(protocol: int, a: str, a_port: int, b: str, b_port: int, expected: str) -> None:
    assert id_of(a, b, protocol, a_port, b_port) == expected
    assert id_of(b, a, protocol, b_port, a_port) == expected


@pytest.mark.parametrize(
    ("protocol", "a", "b", "request_type", "answer_type", "expected"),
    [
        (1, "192.168.0.89", "192.168.0.1", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
        (58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 136, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="),
    ],
)
def test_published_vectors_of_icmp(
    protocol: int, a: str, b: str, request_type: int, answer_type: int, expected: str
) -> None:
    """Request and answer share an ID, whichever was seen, and one flow when both were."""
    assert id_of(a, b, protocol, request_type) == expected
    assert id_of(b, a, protocol, answer_type) == expected
    frames = [
        Frame(START_US + i, build.ethernet(build.ip(*pair, protocol, build.icmp(kind, 0))))
        for i, (pair, kind) in enumerate([((a, b), request_type), ((b, a), answer_type)])
    ]
    flow = one_flow(frames)
    assert (flow["community_id"], flow["src_port"], flow["dst_port"]) == (expected, request_type, answer_type)


@settings(max_examples=60)
@given(st.sampled_from([6, 17, 132, 136, 50, 1]), ADDRESSES, ADDRESSES, PORTS, PORTS)
def test_any_ipv4_endpoints(protocol: int, a: int, b: int, source: int, target: int) -> None:
    check(protocol, str(ipaddress.IPv4Address(a)), str(ipaddress.IPv4Address(b)), source, target)


@settings(max_examples=60)
@given(
    st.sampled_from([6, 17, 132, 89, 58]), st.integers(0, (1 << 128) - 1), st.integers(0, (1 << 128) - 1), PORTS, PORTS
)
def test_any_ipv6_endpoints(protocol: int, a: int, b: int, source: int, target: int) -> None:
    check(protocol, str(ipaddress.IPv6Address(a)), str(ipaddress.IPv6Address(b)), source, target)


def check(protocol: int, a: str, b: str, source: int, target: int) -> None:
    if protocol in (1, 58):
        kind, code = source & 0xFF, target & 0xFF
        assert id_of(a, b, protocol, kind, code) == community_id(a, b, protocol, *icmp_ports(protocol, kind, code))
        return
    ports = (source, target) if protocol in (6, 17, 132) else (None, None)
    expected = community_id(a, b, protocol, *ports)
    assert id_of(a, b, protocol, source, target) == expected
    assert id_of(b, a, protocol, target, source) == expected


def test_every_type_of_icmp() -> None:
    """All 256 types with two codes: those with a counterpart pair up, the others keep their direction."""
    for protocol, (a, b) in ((1, ("10.0.0.2", "10.0.0.1")), (58, ("fe80::2", "fe80::1"))):
        kinds = [(kind, code) for kind in range(256) for code in (0, 9)]
        frames = [
            Frame(START_US + i, build.ethernet(build.ip(a, b, protocol, build.icmp(kind, code))))
            for i, (kind, code) in enumerate(kinds)
        ]
        flows, _ = run(frames)
        expected = {icmp_ports(protocol, kind, code) for kind, code in kinds}
        found = {(row[0], row[1]): row[2] for row in flows.select("src_port", "dst_port", "community_id").rows()}
        assert found == {ports: community_id(a, b, protocol, *ports) for ports in expected}
