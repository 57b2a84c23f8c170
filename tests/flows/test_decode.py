"""Every link layer, IP version, header and transport that is decoded; and the one counter that tells of any other."""

from __future__ import annotations

import struct

import pytest
from tests.flows import build
from tests.flows.build import ACK, START_US, SYN, Frame
from tests.flows.run import one_flow, run, verdict_of

V4, V6 = ("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")
TCP = build.tcp(40000, 443, SYN, b"abc", window=1000, options=bytes(12))


@pytest.mark.parametrize("pair", [V4, V6])
@pytest.mark.parametrize(
    ("link_type", "wrap"),
    [
        (build.ETHERNET, build.ethernet),
        (build.ETHERNET, lambda p: build.ethernet(p, vlans=[(0x8100, 5)])),
        (build.ETHERNET, lambda p: build.ethernet(p, vlans=[(0x88A8, 5), (0x8100, 6)])),
        (build.ETHERNET, lambda p: build.ethernet(p, vlans=[(0x9100, 5)] + [(0x8100, i) for i in range(6)])),
        (build.SLL, build.linux_sll),
        (build.SLL2, build.linux_sll2),
        (build.RAW, bytes),
        (12, bytes),
        (14, bytes),
        (build.IPV4, bytes),
        (build.IPV6, bytes),
        (build.NULL, lambda p: build.loopback(p, order="<")),
        (build.NULL, lambda p: build.loopback(p, order=">")),
        (build.LOOP, lambda p: build.loopback(p, order=">")),
        (build.PPP, build.ppp),
        (build.PPP, lambda p: build.ppp(p, framed=False)),
    ],
    ids=[
        "ethernet", "vlan", "qinq", "7 tags", "sll", "sll2", "raw", "raw-bsd", "raw-openbsd", "ipv4", "ipv6",
        "null-little", "null-big", "loop", "ppp-hdlc", "ppp",
    ],
)  # fmt: skip
def test_link_layers(pair: tuple[str, str], link_type: int, wrap: object) -> None:
    frame = Frame(START_US, wrap(build.ip(*pair, 6, TCP)))  # type: ignore[operator]
    flow = one_flow([frame], link_type=link_type)
    assert (flow["src_ip"], flow["dst_ip"]) == pair
    assert (flow["src_port"], flow["dst_port"], flow["protocol"]) == (40000, 443, 6)
    assert (flow["fwd_pkt_len_tot"], flow["fwd_pkt_hdr_len_tot"], flow["fwd_tcp_init_win_bytes"]) == (3, 32, 1000)


@pytest.mark.parametrize("family", [24, 28, 30, 10])
def test_loopback_knows_ipv6_of_every_system(family: int) -> None:
    packet = build.loopback(build.ip(*V6, 6, TCP), family=family)
    assert verdict_of(packet, link_type=build.NULL) == "packets_in_flows"


@pytest.mark.parametrize(
    ("protocol", "body", "ports", "header", "payload"),
    [
        (17, build.udp(1, 2, bytes(9)), (1, 2), 8, 9),
        (136, build.udp(1, 2, bytes(9)), (1, 2), 8, 9),
        (132, build.sctp(1, 2, bytes(9)), (1, 2), 12, 9),
        (1, build.icmp(8, 0, bytes(9)), (8, 0), 8, 9),
        (1, build.icmp(3, 1, bytes(9)), (3, 1), 8, 9),
        (2, build.igmp(bytes(9)), (None, None), 8, 9),
        (47, bytes(9), (None, None), 0, 9),
        (50, bytes(9), (None, None), 0, 9),
        (6, build.tcp(1, 2, 0xFF ^ SYN, bytes(9), options=bytes(40)), (1, 2), 60, 9),
    ],
    ids=["udp", "udp-lite", "sctp", "echo", "unreachable", "igmp", "gre", "esp", "tcp"],
)
def test_transports(
    protocol: int, body: bytes, ports: tuple[int | None, int | None], header: int, payload: int
) -> None:
    flow = one_flow([Frame(START_US, build.ethernet(build.ip(*V4, protocol, body)))])
    assert (flow["src_port"], flow["dst_port"]) == ports
    assert (flow["fwd_pkt_hdr_len_tot"], flow["fwd_pkt_len_tot"]) == (header, payload)
    names = ("flag_fin", "flag_rst", "flag_ack", "flag_psh", "flag_urg", "flag_ece", "flag_cwr")
    assert [flow[name] for name in names] == [int(protocol == 6)] * 7
    assert flow["flag_SYN"] == 0


@pytest.mark.parametrize("words", range(11))
def test_ipv4_options(words: int) -> None:
    flow = one_flow([Frame(START_US, build.ethernet(build.ipv4(*V4, 6, TCP, options=bytes(4 * words))))])
    assert (flow["dst_port"], flow["fwd_pkt_len_tot"]) == (443, 3)


@pytest.mark.parametrize(
    "chain",
    [
        [build.extension(0)],
        [build.extension(0), build.extension(43, 3), build.extension(60)],
        [build.extension(135), build.extension(139), build.extension(140)],
        [build.extension(60, 255)],
        [build.fragment_header(7)],
    ],
)
def test_ipv6_extension_headers(chain: list[tuple[int, bytes]]) -> None:
    flow = one_flow([Frame(START_US, build.ethernet(build.ipv6(*V6, 6, TCP, extensions=chain)))])
    assert (flow["dst_port"], flow["fwd_pkt_len_tot"], flow["protocol"]) == (443, 3, 6)


def test_authentication_header_is_a_flow_without_ports() -> None:
    flow = one_flow([Frame(START_US, build.ethernet(build.ipv6(*V6, 6, TCP, extensions=[build.authentication()])))])
    assert (flow["src_port"], flow["dst_port"], flow["protocol"]) == (None, None, 51)


def test_padding_of_short_frames_is_no_payload() -> None:
    packet = build.ethernet(build.ip(*V4, 6, build.tcp(1, 2, ACK)))
    assert one_flow([Frame(START_US, packet + bytes(60 - len(packet)))])["fwd_pkt_len_tot"] == 0


def test_length_is_that_of_the_wire() -> None:
    """Segmentation offload leaves IP's total length 0, and a snap length keeps only the headers."""
    body = build.tcp(1, 2, ACK, bytes(3000))
    offloaded = build.ethernet(build.ipv4(*V4, 6, body, total=0))
    assert one_flow([Frame(START_US, offloaded)])["fwd_pkt_len_tot"] == 3000
    assert one_flow([Frame(START_US, offloaded[:60], len(offloaded))])["fwd_pkt_len_tot"] == 3000
    jumbo = build.ethernet(build.ipv6(*V6, 6, body, length=0))
    assert one_flow([Frame(START_US, jumbo[:80], len(jumbo))])["fwd_pkt_len_tot"] == 3000
    cut = build.ethernet(build.ip(*V4, 6, body))[:60]
    assert one_flow([Frame(START_US, cut, 3054)])["fwd_pkt_len_tot"] == 3000


def test_vlans_keep_conversations_apart() -> None:
    packet = build.ip(*V4, 17, build.udp(1, 2))
    tags = [[], [(0x8100, 1)], [(0x8100, 2)], [(0x88A8, 1), (0x8100, 2)], [(0x8100, 1)]]
    flows, _ = run([Frame(START_US + i, build.ethernet(packet, vlans=vlans)) for i, vlans in enumerate(tags)])
    assert sorted(flows["fwd_pkt_cnt"]) == [1, 1, 1, 2]
    assert flows["community_id"].n_unique() == 1


def test_protocols_keep_conversations_apart() -> None:
    frames = [
        Frame(START_US, build.ethernet(build.ip(*V4, 6, build.tcp(53, 53, ACK)))),
        Frame(START_US, build.ethernet(build.ip(*V4, 17, build.udp(53, 53)))),
        Frame(START_US, build.ethernet(build.ip(*V4, 132, build.sctp(53, 53)))),
    ]
    assert run(frames)[0]["protocol"].sort().to_list() == [6, 17, 132]


@pytest.mark.parametrize("pair", [V4, V6])
def test_every_cut_of_a_packet_is_truncated_or_a_flow(pair: tuple[str, str]) -> None:
    """A snap length at any byte: once ports, flags and window are there the packet counts, before it is truncated."""
    whole = build.ethernet(build.ip(*pair, 6, TCP), vlans=[(0x8100, 5)])
    needed = len(whole) - len(TCP) + 16
    for size in range(len(whole)):
        expected = "packets_in_flows" if size >= needed else "truncated_headers"
        assert verdict_of(whole[:size], wire=len(whole)) == expected, size


@pytest.mark.parametrize(
    ("data", "link_type", "expected"),
    [
        (build.ethernet(bytes(46), ethertype=0x0806), build.ETHERNET, "not_ip"),
        (build.ethernet(bytes(46), ethertype=0x0026), build.ETHERNET, "not_ip"),
        (build.ethernet(bytes(46), vlans=[(0x8100, 1)], ethertype=0x88CC), build.ETHERNET, "not_ip"),
        (build.ethernet(bytes(46), vlans=[(0x8100, 1)] * 20), build.ETHERNET, "nested_too_deep"),
        (build.ethernet(b"\x50" + bytes(45), ethertype=0x0800), build.ETHERNET, "malformed"),
        (build.ethernet(b"\x44" + bytes(45), ethertype=0x0800), build.ETHERNET, "malformed"),
        (build.ethernet(build.ipv4(*V4, 6, TCP, total=19)), build.ETHERNET, "malformed"),
        (build.ethernet(build.ip(*V4, 6, TCP[:12] + b"\x40" + TCP[13:])), build.ETHERNET, "malformed"),
        (build.ipv6(*V6, 6, TCP, extensions=[build.extension(60)] * 17), build.RAW, "nested_too_deep"),
        (build.loopback(build.ip(*V4, 6, TCP), family=7), build.NULL, "not_ip"),
        (b"\xff\x03\xc0\x21" + bytes(20), build.PPP, "not_ip"),
        (b"", build.RAW, "truncated_headers"),
        (b"", build.ETHERNET, "truncated_headers"),
        (b"\x90" + bytes(60), build.RAW, "malformed"),
        (build.ip(*V4, 6, TCP), 65535, "unsupported_link_type"),
    ],
    ids=[
        "arp", "llc", "lldp", "twenty tags", "version 5", "short header", "short total", "short tcp", "17 extensions",
        "appletalk", "lcp", "empty raw", "empty ethernet", "version 9", "unknown link",
    ],
)  # fmt: skip
def test_what_is_not_counted_in_a_flow_has_a_reason(data: bytes, link_type: int, expected: str) -> None:
    assert verdict_of(data, link_type=link_type) == expected


def test_headers_that_claim_more_than_there_is() -> None:
    """Lying lengths never lead beyond the frame: the next frame in the buffer is not read as this one's."""
    tail = Frame(START_US, build.ethernet(build.ip(*V4, 17, build.udp(7, 7))))
    liars = [
        (build.ethernet(b"\x4f" + build.ipv4(*V4, 6, b"", total=200)[1:]), "truncated_headers"),
        (build.ethernet(build.ipv6(*V6, 6, b"", extensions=[(60, b"\xff" + bytes(6))])), "malformed"),
        (build.ethernet(struct.pack(">BBH", 0x45, 0, 65535) + build.ip(*V4, 6, TCP[:8])[4:]), "truncated_headers"),
        (build.ethernet(build.ip(*V4, 6, TCP[:8])), "malformed"),
    ]
    for data, expected in liars:
        flows, counts = run([Frame(START_US, data), tail])
        assert counts[expected] == 1, data.hex()
        assert flows["protocol"].to_list() == [17]
