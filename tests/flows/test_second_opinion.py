"""dpkt and tshark see the same packets, lengths, payloads and TCP flags in real captures as the engine does.

Compared are packets and bytes on the wire of the whole capture, and for every pair of TCP or UDP endpoints the packets,
the payload and the count of each flag, over all flows between the two. What the tools do not see the same way is left
out by what it is, never by a tolerance:

- frames without IP are in no flow: they count in the totals only;
- packets in tunnels: the tools show the outer packet, the engine follows the inner one;
- fragments: the tools see no ports in a later fragment, the engine joins it to its flow;
- headers that are cut by the snap length, or contradict themselves: the tools guess or give up, the engine counts them.

The last three make a capture unfit for the comparison of endpoints, unless the engine finds none of them in it.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import dpkt
import polars as pl
import pytest
from tests.flows.run import SMALL

from clan.errors import NoFlows
from clan.sources import FlowReader, empty_flows

FLAGS = {"fin": 1, "SYN": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ece": 64, "cwr": 128}
SAMPLES = ("alpha-benign.pcapng.zst", "beta-mixed.pcapng.zst")
MAX_BYTES = 150_000
LIARS = {"fuzzed", "tcpdump_regression"}
"""Folders of packets that were made to lie about their lengths: what they say depends on which lie one believes."""
LOSSES = ("truncated_headers", "malformed", "orphan_fragments", "joined_fragments", "nested_too_deep", "after_close")


class Seen(NamedTuple):
    """A TCP or UDP packet as another tool sees it."""

    ends: frozenset[tuple[str, int]]
    protocol: int
    payload: int
    flags: int


Sums = dict[tuple[frozenset[tuple[str, int]], int], Counter[str]]
"""For each pair of endpoints and protocol: packets, payload, and the packets with each flag."""


def captures(folder: Path, *, link_types: set[str], n: int, whole: bool = False) -> list[Path]:
    """Some small captures, evenly from all kinds but `LIARS`; the same ones every time."""
    with (folder / "captures" / "index.csv").open() as index:
        rows = [row for row in csv.DictReader(index) if row["link_type"] in link_types]
    paths = sorted(folder / "captures" / row["file"] for row in rows if not whole or row["truncated_packets"] == "0")
    small = [path for path in paths if path.stat().st_size < MAX_BYTES and path.parent.name not in LIARS]
    return small[:: len(small) // n][:n]


def ours(path: Path) -> tuple[pl.DataFrame, Counter[str]]:
    """The engine's flows and counts."""
    reader = FlowReader([str(path)], settings=SMALL, workers=1)
    try:
        return pl.concat([empty_flows(), *reader.batches()]), reader.report.counts
    except NoFlows:
        return empty_flows(), reader.report.counts


def sums_of_flows(flows: pl.DataFrame) -> Sums:
    """Add up the flows of each pair of endpoints."""
    totals: Sums = {}
    for row in flows.filter(pl.col("protocol").is_in([6, 17])).iter_rows(named=True):
        ends = frozenset({(row["src_ip"], row["src_port"]), (row["dst_ip"], row["dst_port"])})
        total = totals.setdefault((ends, row["protocol"]), Counter())
        total["packets"] += row["fwd_pkt_cnt"] + row["bwd_pkt_cnt"]
        total["payload"] += row["fwd_pkt_len_tot"] + row["bwd_pkt_len_tot"]
        total.update({name: row[f"flag_{name}"] for name in FLAGS})
    return totals


def sums_of_packets(packets: list[Seen]) -> Sums:
    """Add up the packets of each pair of endpoints."""
    totals: Sums = {}
    for packet in packets:
        total = totals.setdefault((packet.ends, packet.protocol), Counter())
        total.update(packets=1, payload=packet.payload)
        total.update({name: int(packet.flags & bit > 0) for name, bit in FLAGS.items()})
    return totals


def comparable(flows: pl.DataFrame, counts: Counter[str]) -> bool:
    """Whether the other tools can see the endpoints that the engine sees."""
    return flows["tunnel"].null_count() == flows.height and not any(counts[name] for name in LOSSES)


def differences(flows: pl.DataFrame, counts: Counter[str], packets: list[Seen]) -> list[str]:
    """What the engine and the other tool do not agree on."""
    if not comparable(flows, counts):
        return []
    found, expected = sums_of_flows(flows), sums_of_packets(packets)
    return [
        f"{sorted(key[0])}/{key[1]}: ours {dict(found.get(key, {}))}, theirs {dict(expected.get(key, {}))}"
        for key in {*found, *expected}
        if found.get(key) != expected.get(key)
    ]


def by_dpkt(path: Path) -> tuple[int, list[Seen]]:
    """Packets, and what dpkt makes of the TCP and UDP packets on Ethernet."""
    n, packets = 0, list[Seen]()
    # It stops with an error at a record that is cut off, where the engine stops with a warning.
    with path.open("rb") as file, suppress(dpkt.NeedData):
        for _, data in dpkt.pcap.UniversalReader(file):
            n += 1
            with suppress(dpkt.UnpackError):  # what it cannot parse must then be missing on our side too
                packets += _dpkt_packet(data)
    return n, packets


def _dpkt_packet(data: bytes) -> Iterator[Seen]:
    ip = dpkt.ethernet.Ethernet(data).data
    while isinstance(ip, dpkt.pppoe.PPPoE | dpkt.ppp.PPP):
        ip = ip.data
    if isinstance(ip, dpkt.ip.IP):
        # A length of 0 is a segment that the network card had still to cut; it reaches to the end of the frame.
        size = (ip.len or len(ip)) - 4 * ip.hl
        source, target = ip.src, ip.dst
    elif isinstance(ip, dpkt.ip6.IP6):
        source, target, size = ip.src, ip.dst, ip.plen - sum(map(len, ip.extension_hdrs.values()))
    else:
        return
    body = ip.data
    if isinstance(body, dpkt.tcp.TCP):
        protocol, header, flags = 6, 4 * body.off, body.flags
    elif isinstance(body, dpkt.udp.UDP):
        protocol, header, flags = 17, 8, 0
    else:
        return
    ends = {(dpkt.utils.inet_to_str(source), body.sport), (dpkt.utils.inet_to_str(target), body.dport)}
    yield Seen(frozenset(ends), protocol, size - header, flags)


TSHARK_FIELDS = (
    "frame.len", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "tcp.len", "tcp.flags",
    "udp.srcport", "udp.dstport", "udp.length", "icmp.type", "icmpv6.type",
)  # fmt: skip


def by_tshark(path: Path) -> tuple[int, int, list[Seen]]:
    """Packets, bytes on the wire, and what tshark makes of the TCP and UDP packets."""
    keep = [f"{name}:FALSE" for name in ("ip.defragment", "ipv6.defragment", "tcp.desegment_tcp_streams")]
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "separator=/t", "-E", "occurrence=f"]
    command += [part for option in keep for part in ("-o", option)]
    command += [part for field in TSHARK_FIELDS for part in ("-e", field)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    n, n_bytes, packets = 0, 0, list[Seen]()
    for line in done.stdout.splitlines():
        row = dict(zip(TSHARK_FIELDS, line.split("\t"), strict=True))
        n, n_bytes = n + 1, n_bytes + int(row["frame.len"])
        packets += _tshark_packet(row)
    return n, n_bytes, packets


def _tshark_packet(row: dict[str, str]) -> Iterator[Seen]:
    if row["icmp.type"] or row["icmpv6.type"]:  # what it quotes was not sent
        return
    source, target = (row[f"ip.{end}"] or row[f"ipv6.{end}"] for end in ("src", "dst"))
    if row["tcp.srcport"]:
        protocol, payload, flags, name = 6, int(row["tcp.len"] or 0), int(row["tcp.flags"] or "0", 16) & 0xFF, "tcp"
    elif row["udp.srcport"]:
        protocol, payload, flags, name = 17, int(row["udp.length"] or 8) - 8, 0, "udp"
    else:
        return
    ends = {(source, int(row[f"{name}.srcport"])), (target, int(row[f"{name}.dstport"]))}
    yield Seen(frozenset(ends), protocol, payload, flags)


def test_dpkt_agrees(test_data: Path) -> None:
    """On Ethernet and whole packets (it wants all TCP options); of the many pcapng blocks it reads only one kind."""
    n_compared, problems = 0, []
    for path in captures(test_data, link_types={"ether"}, n=100, whole=True):
        if path.parent.name == "pcapng_blocks" or path.suffix == ".snoop":
            continue
        (flows, counts), (n, packets) = ours(path), by_dpkt(path)
        problems += [f"{path.name}: {counts['packets']} packets, theirs {n}"] * (n != counts["packets"])
        problems += [f"{path.name}: {difference}" for difference in differences(flows, counts, packets)]
        n_compared += comparable(flows, counts)
    assert problems == []
    assert n_compared > 80


def check_tshark(path: Path) -> list[str]:
    """What tshark and the engine do not agree on."""
    (flows, counts), (n, n_bytes, packets) = ours(path), by_tshark(path)
    totals = [] if (n, n_bytes) == (counts["packets"], counts["bytes"]) else [f"{counts}, theirs {n}, {n_bytes}"]
    return [f"{path.name}: {problem}" for problem in [*totals, *differences(flows, counts, packets)]]


needs_tshark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="tshark is not installed: apt-get install tshark"
)


@needs_tshark
@pytest.mark.parametrize("name", SAMPLES)
def test_tshark_agrees_on_the_samples(name: str) -> None:
    assert check_tshark(Path(__file__).parents[2] / "samples" / name) == []


@needs_tshark
def test_tshark_agrees(test_data: Path) -> None:
    """On all link types; lengths are those on the wire, also where the capture holds less."""
    links = {"ether", "ieee-802-11-radiotap", "linux-sll", "linux-sll2", "rawip", "rawip4", "ppp"}
    paths = captures(test_data, link_types=links, n=14)
    assert len(paths) == 14
    assert [problem for path in paths for problem in check_tshark(path)] == []
