"""Captures are merged by time and cut to headers and the first KiB of payload, and written as others read them."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import dpkt
import pytest
import zstandard
from lab.errors import LabError
from lab.packets import KEPT_PAYLOAD, Packet, Trimmer, header_bytes, merge, write_pcapng


def tcp(payload: int, *, port: int = 1000, flags: int = 0x10, options: int = 0) -> bytes:
    """An IPv4 frame with TCP from 192.0.2.1 to 192.0.2.2."""
    size = 20 + 20 + options + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, size, 1, 0, 64, 6, 0, b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02")
    head = struct.pack("!HHIIBBHHH", port, 80, 0, 0, (5 + options // 4) << 4, flags, 0, 0, 0)
    return bytes(12) + b"\x08\x00" + ip + head + bytes(options) + b"x" * payload


def packet(data: bytes, at: int = 0) -> Packet:
    return Packet(at, 0, len(data), data)


def write_pcap(path: Path, packets: list[tuple[int, bytes]]) -> Path:
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for at, data in packets:
            writer.writepkt(data, ts=at / 1_000_000)
    return path


def test_payload_is_kept_up_to_a_kilobyte_in_each_direction() -> None:
    trimmer = Trimmer()
    sizes = [len(trimmer.trim(packet(tcp(600))).data) - 54 for _ in range(3)]
    assert sizes == [600, KEPT_PAYLOAD - 600, 0]
    assert len(trimmer.trim(packet(tcp(600, port=1001))).data) == 654
    again = tcp(0, flags=0x02)
    trimmer.trim(packet(again))
    assert len(trimmer.trim(packet(tcp(600))).data) == 654  # a new connection with the same ports


def test_length_on_the_wire_stays() -> None:
    trimmed = Trimmer().trim(packet(tcp(1400)))
    assert (trimmed.length, len(trimmed.data)) == (1454, 54 + KEPT_PAYLOAD)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (tcp(10, options=12), 14 + 20 + 32),
        (bytes(12) + b"\x08\x06" + bytes(28), None),
        (tcp(0)[:20], None),
        (tcp(10)[:23] + b"\x11" + tcp(10)[24:], 14 + 20 + 8),  # UDP
        (tcp(10)[:20] + b"\x00\x10" + tcp(10)[22:], 14 + 20),  # a later fragment
    ],
    ids=["options", "arp", "short", "udp", "fragment"],
)
def test_where_payload_begins(frame: bytes, expected: int | None) -> None:
    assert header_bytes(frame) == expected


def test_two_places_become_one_file_in_order(tmp_path: Path) -> None:
    first = write_pcap(tmp_path / "a.pcap", [(1_000_000, tcp(5)), (3_000_000, tcp(6))])
    second = write_pcap(tmp_path / "b.pcap", [(2_000_000, tcp(7))])
    written = tmp_path / "out.pcapng.zst"
    assert write_pcapng(written, merge([first, second]), ["clients", "servers"], "a comment") == 3
    data = zstandard.ZstdDecompressor().decompressobj().decompress(written.read_bytes())
    read = list(dpkt.pcapng.Reader(io.BytesIO(data)))
    assert [float(at) for at, _ in read] == [1, 2, 3]
    assert [frame for _, frame in read] == [tcp(5), tcp(7), tcp(6)]


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(b"no capture at all, but long enough")
    with pytest.raises(LabError, match="not a little-endian pcap"):
        list(merge([path]))
