"""The shipped samples are what their README says: small, readable, labelled, confined, with both directions."""

from __future__ import annotations

import csv
import datetime
import gzip
import ipaddress
import json
import struct
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "samples"
CAPTURES = ("benign", "mixed")
LAB = ipaddress.ip_network("10.77.0.0/24")
UTC = datetime.UTC


@cache
def packets_of(name: str) -> list[tuple[float, int, bytes]]:
    """Time in seconds, length on the wire and kept bytes of every packet of a sample."""
    data = gzip.decompress((SAMPLES / f"{name}.pcap.gz").read_bytes())
    magic, major, minor, _, _, _, link = struct.unpack_from("<IHHiIII", data)
    assert (magic, major, minor, link) == (0xA1B2C3D4, 2, 4, 1), "expected a little-endian microsecond Ethernet pcap"
    packets, position = [], 24
    while position < len(data):
        seconds, micros, kept, length = struct.unpack_from("<IIII", data, position)
        packets.append((seconds + micros / 1e6, length, data[position + 16 : position + 16 + kept]))
        position += 16 + kept
    assert position == len(data), "the last packet is cut off"
    return packets


def ipv4_of(name: str) -> list[bytes]:
    """The IPv4 packets of a sample, from the IP header on."""
    return [data[14:] for _, _, data in packets_of(name) if data[12:14] == b"\x08\x00"]


def windows() -> list[dict[str, str]]:
    """The rows of labels.csv."""
    with (SAMPLES / "labels.csv").open(newline="") as source:
        return list(csv.DictReader(source))


def test_samples_are_2_mb_or_less_altogether() -> None:
    shipped = [path for path in SAMPLES.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in shipped) <= 2_000_000


@pytest.mark.parametrize("name", CAPTURES)
def test_capture_holds_what_the_recorder_counted(name: str) -> None:
    counted = json.loads((SAMPLES / "recorded.json").read_text())["captures"][name]
    assert (len(packets_of(name)), counted["dropped"]) == (counted["packets"], 0)


@pytest.mark.parametrize("name", CAPTURES)
def test_capture_is_confined_to_its_own_network(name: str) -> None:
    known = {b"\x08\x00", b"\x08\x06"}
    assert {data[12:14] for _, _, data in packets_of(name)} == known, "IPv4 and ARP only"
    addresses = {ipaddress.ip_address(packet[start : start + 4]) for packet in ipv4_of(name) for start in (12, 16)}
    # The bridge itself has no address: it sends its IGMP report from 0.0.0.0 to a multicast group.
    foreign = {address for address in addresses if not (address.is_multicast or address.is_unspecified)} - set(LAB)
    assert foreign == set()


@pytest.mark.parametrize("name", CAPTURES)
def test_capture_has_both_directions_and_wire_sized_packets(name: str) -> None:
    pairs = Counter((packet[12:16], packet[16:20]) for packet in ipv4_of(name) if packet[9] == 6)
    assert [pair for pair in pairs if pair[::-1] not in pairs] == []
    assert max(length for _, length, _ in packets_of(name)) <= 1514


@pytest.mark.parametrize("name", CAPTURES)
def test_no_packet_was_captured_twice(name: str) -> None:
    # A packet seen at two places would come back with the same identification, sequence number and bytes.
    seen = Counter(packet for packet in ipv4_of(name) if packet[9] == 6 and packet[4:6] != b"\x00\x00")
    repeated = sum(count - 1 for count in seen.values())
    assert repeated <= len(seen) // 1000


@pytest.mark.parametrize("name", CAPTURES)
def test_capture_is_long_and_varied_enough_to_learn_from(name: str) -> None:
    times = [time for time, _, _ in packets_of(name)]
    assert max(times) - min(times) >= 120
    servers = Counter(
        int.from_bytes(packet[22:24]) for packet in ipv4_of(name) if packet[9] == 6 and packet[33] & 0x12 == 0x02
    )
    assert {22, 80, 443, 8080} <= servers.keys()
    assert sum(servers.values()) >= 600
    assert {1, 6, 17} <= {packet[9] for packet in ipv4_of(name)}


def test_labels_name_hosts_times_and_classes() -> None:
    for row in windows():
        assert list(row) == ["ts_start", "ts_end", "src_ip", "dst_ip", "dst_port", "protocol", "label"]
        start, end = (datetime.datetime.fromisoformat(row[name]) for name in ("ts_start", "ts_end"))
        assert start.utcoffset() == end.utcoffset() == datetime.timedelta(0)
        assert start < end
        assert {ipaddress.ip_address(row["src_ip"]) in LAB, ipaddress.ip_address(row["dst_ip"]) in LAB} == {True}
        assert all(row[name] == "" or row[name].isdigit() for name in ("dst_port", "protocol"))
    assert {row["label"] for row in windows()} == {"port_scan", "ssh_guessing", "slow_http", "udp_scan", "http_flood"}


@pytest.mark.parametrize("number", range(6))
def test_attack_window_is_inside_the_capture_and_not_empty(number: int) -> None:
    row = windows()[number]
    packets = packets_of("mixed")
    start, end = (datetime.datetime.fromisoformat(row[name]).timestamp() for name in ("ts_start", "ts_end"))
    assert packets[0][0] < start < end < packets[-1][0]
    pair = ipaddress.ip_address(row["src_ip"]).packed + ipaddress.ip_address(row["dst_ip"]).packed
    inside = sum(
        start <= time <= end for time, _, data in packets if data[12:14] == b"\x08\x00" and data[26:34] == pair
    )
    assert inside >= 40


@pytest.mark.parametrize(
    ("number", "ports", "connections"),
    [(0, 400, 400), (1, 1, 40), (2, 1, 60), (4, 1, 300), (5, 150, 150)],
    ids=["port_scan", "ssh_guessing", "slow_http", "http_flood", "port_scan_by_desk"],
)
def test_attack_did_what_the_readme_says(number: int, ports: int, connections: int) -> None:
    row = windows()[number]
    start, end = (datetime.datetime.fromisoformat(row[name]).timestamp() for name in ("ts_start", "ts_end"))
    pair = ipaddress.ip_address(row["src_ip"]).packed + ipaddress.ip_address(row["dst_ip"]).packed
    opened = {
        (data[34:36], data[36:38], data[38:42])  # with the first sequence number, as ports are used again
        for time, _, data in packets_of("mixed")
        if start <= time <= end and data[26:34] == pair and data[23] == 6 and data[47] & 0x12 == 0x02
    }
    assert len({target for _, target, _ in opened}) == ports
    assert connections <= len(opened) <= connections * 1.5  # tools probe and retry a little


def test_benign_capture_never_saw_the_attacker() -> None:
    attackers = {row["src_ip"] for row in windows()} - {"10.77.0.103"}  # the desk that is taken over later
    seen = {str(ipaddress.ip_address(packet[12:16])) for packet in ipv4_of("benign")}
    assert seen & attackers == set()
