"""Group `conn` from packets: IP bytes exactly as the IP headers have them, flags by direction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import dpkt
import polars as pl
import pytest
from tests.flows import build
from tests.flows.build import ACK, ETHERNET, FIN, PSH, RST, START_US, SYN, Frame
from tests.flows.run import SMALL, packets_of, run

from clan.flows import FlowEngine, FlowSettings, profile
from clan.schema import CONN_MEASURED, IDENTITY
from clan.sources import read_flows

V4, V6 = ("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")


def conn_of(packets: Sequence[bytes], settings: FlowSettings = SMALL, wire: int | None = None) -> pl.DataFrame:
    """The measured columns of the flows that these IP packets make, a millisecond apart."""
    frames = [Frame(START_US + 1000 * i, build.ethernet(packet), wire) for i, packet in enumerate(packets)]
    engine = FlowEngine(settings, source="test", groups=["conn"])
    flows = pl.concat([*engine.feed(packets_of(frames, ETHERNET)), *engine.finish()])
    assert flows.columns == [*IDENTITY, *CONN_MEASURED]
    return flows.select(CONN_MEASURED)


def test_a_connection_column_by_column() -> None:
    segments = [
        build.ip(*V4, 6, build.tcp(1, 2, SYN, options=bytes(20))),
        build.ip(*V4[::-1], 6, build.tcp(2, 1, SYN | ACK, options=bytes(12))),
        build.ip(*V4, 6, build.tcp(1, 2, PSH | ACK, bytes(100))),
        build.ip(*V4[::-1], 6, build.tcp(2, 1, PSH | ACK, bytes(999))),
        build.ip(*V4, 6, build.tcp(1, 2, FIN | ACK)),
        build.ip(*V4[::-1], 6, build.tcp(2, 1, RST)),
    ]
    assert conn_of(segments).rows() == [(5000, 3, 3, 60 + 140 + 40, 52 + 1039 + 40, 100, 999, 1, 1, 1, 0, 0, 1)]


EXTRAS = {
    "IPv4 options": build.ipv4(*V4, 17, build.udp(1, 2, bytes(9)), options=bytes(12)),
    "first fragment": build.ipv4(*V4, 17, build.udp(1, 2, bytes(24)), identification=7, more=True),
    "IPv6": build.ipv6(*V6, 6, build.tcp(1, 2, ACK, bytes(5))),
    "IPv6 extension headers": build.ipv6(*V6, 17, build.udp(1, 2), extensions=[build.extension(0, 3)]),
    "IPv6 fragment": build.ipv6(*V6, 17, build.udp(1, 2), extensions=[build.fragment_header(9, more=True)]),
    "ICMP shorter than its header": build.ipv4(*V4, 1, b"\x08\x00"),
    "other protocol": build.ipv4(*V4, 89, bytes(33)),
    "snapped": build.ipv4(*V4, 17, build.udp(1, 2), total=1400),
}


@pytest.mark.parametrize("what", EXTRAS)
@pytest.mark.parametrize("repeats", [1, 5])
def test_bytes_are_those_of_the_ip_header(what: str, repeats: int) -> None:
    packet = EXTRAS[what]
    expected = 1400 if what == "snapped" else len(packet)
    flow = conn_of([packet] * repeats).row(0, named=True)
    assert (flow["conn_fwd_bytes"], flow["conn_bwd_bytes"]) == (repeats * expected, 0)
    assert flow["conn_fwd_packets"] == repeats
    assert not any(flow[f"conn_{way}_{flag}"] for way in ("fwd", "bwd") for flag in ("syn", "fin", "rst"))


def test_later_fragments_count_in_the_flow_of_their_first() -> None:
    first = build.ipv4(*V4, 17, build.udp(1, 2, bytes(16)), identification=7, more=True)
    later = build.ipv4(*V4, 17, bytes(100), identification=7, offset=24)
    assert conn_of([first, later])["conn_fwd_bytes"].to_list() == [len(first) + len(later)]


@pytest.mark.parametrize("settings", [SMALL, profile("lycos")])
def test_without_a_length_the_frame_tells(settings: FlowSettings) -> None:
    """Segmentation offload leaves the IP length to the network card."""
    packet = build.ipv4(*V4, 6, build.tcp(1, 2, FIN, bytes(3000)), total=0)
    filler = build.ipv4(*V4, 6, build.tcp(1, 2, ACK, bytes(3000)), total=0)
    assert conn_of([filler, packet], settings)["conn_fwd_bytes"].to_list() == [2 * len(packet)]


def test_more_than_four_gigabytes() -> None:
    packet = build.ipv4(*V4, 6, build.tcp(1, 2, ACK), options=bytes(40), total=65_535)
    assert conn_of([packet] * 70_000, wire=65_549)["conn_fwd_bytes"].to_list() == [70_000 * 65_535]


def test_group_flow_is_the_same_beside_it_and_alone() -> None:
    frames = [Frame(START_US + i, build.ethernet(packet)) for i, packet in enumerate(EXTRAS.values())]
    engine = FlowEngine(SMALL, source="test", groups=("conn", "flow"))
    both = pl.concat([*engine.feed(packets_of(frames, ETHERNET)), *engine.finish()])
    assert both.drop(CONN_MEASURED).equals(run(frames)[0])
    assert both.columns[len(IDENTITY)] == CONN_MEASURED[0]


def test_totals_of_a_real_capture_agree_with_dpkt(test_data: Path) -> None:
    path = test_data / "captures/benign/ntop-nDPI__tests__cfgs__default__pcap__bittorrent_transmission.pcapng"
    packets = size = 0
    with path.open("rb") as file:
        for _, data in dpkt.pcap.UniversalReader(file):
            body = dpkt.ethernet.Ethernet(data).data
            if isinstance(body, dpkt.ip.IP | dpkt.ip6.IP6):
                packets += 1
                size += body.len if isinstance(body, dpkt.ip.IP) else body.plen + 40
    flows = read_flows(path, features=["conn"])
    assert flows.select(pl.col("conn_fwd_packets", "conn_bwd_packets").sum()).sum_horizontal().item() == packets
    assert flows.select(pl.col("conn_fwd_bytes", "conn_bwd_bytes").sum()).sum_horizontal().item() == size
