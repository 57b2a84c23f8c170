"""A packet inside a tunnel makes the flow, with the tunnel recorded; what is no packet inside leaves the outer flow."""

from __future__ import annotations

import struct

import pytest
from tests.flows import build
from tests.flows.build import START_US, Frame
from tests.flows.run import one_flow, run

OUTER4, OUTER6 = ("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")
INNER4, INNER6 = ("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2")
SEGMENT = build.tcp(4000, 443, build.ACK, b"hello")
IP4, IP6 = build.ipv4(*INNER4, 6, SEGMENT), build.ipv6(*INNER6, 6, SEGMENT)
VNI = (4711).to_bytes(3, "big") + b"\0"


def gre(flags: int, kind: int, body: bytes, extra: bytes = b"") -> bytes:
    return struct.pack(">HH", flags, kind) + extra + body


def gtp(flags: int, body: bytes, extra: bytes = b"", kind: int = 0xFF) -> bytes:
    return struct.pack(">BBHI", flags, kind, len(extra + body), 99) + extra + body


def in_udp(port: int, body: bytes) -> bytes:
    return build.udp(50000, port, body)


TUNNELS = {
    "ipip": (4, IP4, "ipip"),
    "6in4": (41, IP6, "6in4"),
    "gre": (47, gre(0, 0x0800, IP4), "gre"),
    "gre, all options": (47, gre(0xB000, 0x86DD, IP6, bytes(4) + struct.pack(">I", 77) + bytes(4)), "gre#77"),
    "gre, ethernet": (47, gre(0, 0x6558, build.ethernet(IP4)), "gre"),
    "pptp": (47, gre(0x3081, 0x880B, b"\xff\x03\x00\x21" + IP4, bytes(12)), "gre"),
    "pptp without acknowledgement": (47, gre(0x3001, 0x880B, b"\x21" + IP4, bytes(8)), "gre"),
    "mpls in gre": (47, gre(0, 0x8847, b"\x00\x01\x01\x40" + IP4), "gre"),
    "erspan i": (47, gre(0, 0x88BE, build.ethernet(IP4)), "erspan"),
    "erspan ii": (47, gre(0x1000, 0x88BE, bytes(8) + build.ethernet(IP4), bytes(4)), "erspan"),
    "erspan iii": (47, gre(0x1000, 0x22EB, bytes(12) + build.ethernet(IP4), bytes(4)), "erspan"),
    "erspan iii, platform header": (
        47,
        gre(0x1000, 0x22EB, bytes(11) + b"\x01" + bytes(8) + build.ethernet(IP4), bytes(4)),
        "erspan",
    ),
    "vxlan": (17, in_udp(4789, b"\x08\0\0\0" + VNI + build.ethernet(IP4)), "vxlan#4711"),
    "vxlan, linux port, tagged": (
        17,
        in_udp(8472, b"\x08\0\0\0" + VNI + build.ethernet(IP4, vlans=[(0x8100, 5)])),
        "vxlan#4711",
    ),
    "geneve": (17, in_udp(6081, b"\0\0\x65\x58" + VNI + build.ethernet(IP6)), "geneve#4711"),
    "geneve, options": (17, in_udp(6081, b"\x02\0\x08\0" + VNI + bytes(8) + IP4), "geneve#4711"),
    "gtp": (17, in_udp(2152, gtp(0x30, IP4)), "gtp#99"),
    "gtp, numbered": (17, in_udp(2152, gtp(0x32, IP6, bytes(4))), "gtp#99"),
    "gtp, extensions": (
        17,
        in_udp(2152, gtp(0x34, IP4, b"\0\0\0\x85" + b"\x01\0\0\xc0" + b"\x02" + bytes(7))),
        "gtp#99",
    ),
}


@pytest.mark.parametrize("outer", [OUTER4, OUTER6], ids=["over IPv4", "over IPv6"])
@pytest.mark.parametrize("name", TUNNELS)
def test_the_flow_is_the_one_inside(name: str, outer: tuple[str, str]) -> None:
    protocol, body, told = TUNNELS[name]
    flow = one_flow([Frame(START_US, build.ethernet(build.ip(*outer, protocol, body)))])
    assert (flow["src_ip"], flow["dst_ip"]) in (INNER4, INNER6)
    assert (flow["src_port"], flow["dst_port"], flow["protocol"], flow["fwd_pkt_len_tot"]) == (4000, 443, 6, 5)
    kind, _, number = told.partition("#")
    assert flow["tunnel"] == f"{kind} {outer[0]}>{outer[1]}" + (f"#{number}" if number else "")


NOT_TUNNELS = {
    "udp to the port of vxlan": (17, in_udp(4789, b"\0\0\0\0" + VNI + build.ethernet(IP4))),
    "udp to the port of geneve": (17, in_udp(6081, b"\xc0\0\x65\x58" + VNI + build.ethernet(IP6))),
    "gtp that is no data": (17, in_udp(2152, gtp(0x32, bytes(6), bytes(4), kind=1))),
    "gre with source routes": (47, gre(0x4000, 0x0800, IP4, bytes(8))),
    "gre of an unknown protocol": (47, gre(0, 0x1234, IP4)),
    "ipip with junk inside": (4, b"\xff" * 40),
    "ipip cut in the inner header": (4, IP4[:15]),
    "gtp whose extensions lie": (17, in_udp(2152, gtp(0x34, IP4, b"\0\0\0\x85" + b"\0\0\0\0"))),
}


@pytest.mark.parametrize("name", NOT_TUNNELS)
def test_what_is_no_packet_inside_leaves_the_outer_flow(name: str) -> None:
    protocol, body = NOT_TUNNELS[name]
    flow = one_flow([Frame(START_US, build.ethernet(build.ip(*OUTER4, protocol, body)))])
    assert (flow["src_ip"], flow["protocol"], flow["tunnel"]) == (OUTER4[0], protocol, None)
    assert flow["fwd_pkt_len_tot"] == len(body) - (8 if protocol == 17 else 0)


def test_the_nearest_of_several_tunnels_is_recorded() -> None:
    inside = build.ip(*OUTER6, 4, IP4)
    flow = one_flow([Frame(START_US, build.ethernet(build.ip(*OUTER4, 47, gre(0, 0x86DD, inside))))])
    assert (flow["src_ip"], flow["tunnel"]) == (INNER4[0], "ipip 2001:db8::1>2001:db8::2")


def test_nesting_is_bounded() -> None:
    packet = IP4
    for _ in range(30):
        packet = build.ipv4(*OUTER4, 4, packet)
    flow = one_flow([Frame(START_US, build.ethernet(packet))])
    assert flow["protocol"] == 4


def test_equal_addresses_of_two_networks_are_two_flows() -> None:
    frames = [
        Frame(
            START_US + i, build.ethernet(build.ip(*OUTER4, 17, in_udp(4789, b"\x08\0\0\0" + vni + build.ethernet(IP4))))
        )
        for i, vni in enumerate([b"\0\0\1\0", b"\0\0\2\0"])
    ]
    flows, _ = run([*frames, Frame(START_US + 5, build.ethernet(IP4))])
    assert sorted(str(t) for t in flows["tunnel"]) == [
        "None",
        "vxlan 192.0.2.1>192.0.2.2#1",
        "vxlan 192.0.2.1>192.0.2.2#2",
    ]
    assert flows["community_id"].n_unique() == 1


def test_both_directions_of_a_gtp_tunnel_are_one_flow() -> None:
    """Each direction has its own tunnel number."""
    answer = build.ipv4(*INNER4[::-1], 6, build.tcp(443, 4000, build.ACK))
    down = struct.pack(">BBHI", 0x30, 0xFF, len(answer), 100) + answer
    frames = [
        Frame(START_US, build.ethernet(build.ip(*OUTER4, 17, in_udp(2152, gtp(0x30, IP4))))),
        Frame(START_US + 1, build.ethernet(build.ip(*OUTER4[::-1], 17, build.udp(2152, 2152, down)))),
    ]
    flow = one_flow(frames)
    assert (flow["fwd_pkt_cnt"], flow["bwd_pkt_cnt"]) == (1, 1)


def test_vlans_are_recorded_outermost_first() -> None:
    frame = build.ethernet(IP4, vlans=[(0x88A8, 100), (0x8100, 20)])
    assert one_flow([Frame(START_US, frame)])["vlan"] == "100.20"
    assert one_flow([Frame(START_US, build.ethernet(IP4))])["vlan"] is None
