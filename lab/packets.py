"""From two recordings to one pcapng file: merged by time, payload cut to its first KiB in each direction."""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import zstandard

from lab.errors import LabError

KEPT_PAYLOAD = 1024
"""Bytes kept of what each end of a connection sends first; of later packets, headers only."""
_MOST_PACKET = 65_535
_FIRST_ORDER = struct.pack("<I", 0xA1B2C3D4)


@dataclass(frozen=True, slots=True, order=True)
class Packet:
    """A frame as it was captured.

    Attributes:
        time_us: Microseconds since 1970.
        point: Number of the place where it was seen.
        length: Bytes on the wire.
        data: What was kept of it.
    """

    time_us: int
    point: int
    length: int
    data: bytes


def read_pcap(path: Path, point: int) -> Iterator[Packet]:
    """Read a pcap file as tcpdump writes it here: little-endian, microseconds, Ethernet.

    Raises:
        LabError: It is something else.
    """
    with path.open("rb") as file:
        head = file.read(24)
        if head[:4] != _FIRST_ORDER or struct.unpack_from("<I", head, 20)[0] != 1:
            raise LabError(f"{path} is not a little-endian pcap of Ethernet frames")
        while len(record := file.read(16)) == 16:
            seconds, micros, kept, length = struct.unpack("<IIII", record)
            if kept > _MOST_PACKET:
                raise LabError(f"{path} is damaged: a packet of {kept} bytes")
            yield Packet(seconds * 1_000_000 + micros, point, length, file.read(kept))


def merge(paths: Sequence[Path]) -> Iterator[Packet]:
    """Give the packets of several files in order of time."""
    return heapq.merge(*(read_pcap(path, point) for point, path in enumerate(paths)))


class Trimmer:
    """Cuts packets: all headers stay, and the first KiB of payload in each direction of each 5-tuple."""

    def __init__(self) -> None:
        self._kept: dict[bytes, int] = {}

    def trim(self, packet: Packet) -> Packet:
        """Give the packet with what is kept of it."""
        headers = header_bytes(packet.data)
        if headers is None:
            return packet
        key = _direction(packet.data)
        if _opens(packet.data):
            self._kept.pop(key, None)  # the 5-tuple begins a new connection
        if len(packet.data) <= headers:
            return packet
        before = self._kept.get(key, 0)
        room = min(KEPT_PAYLOAD - before, len(packet.data) - headers)
        self._kept[key] = before + max(0, room)
        return Packet(packet.time_us, packet.point, packet.length, packet.data[: headers + max(0, room)])


def header_bytes(data: bytes) -> int | None:
    """Say where the payload of an IPv4 frame begins; None for other frames.

    Of later fragments, behind the IP header; of ICMP, behind its eight bytes.
    """
    if data[12:14] != b"\x08\x00" or len(data) < 34:
        return None
    after_ip = 14 + 4 * (data[14] & 0x0F)
    if struct.unpack_from("!H", data, 20)[0] & 0x1FFF:
        return after_ip
    if data[23] == 6 and len(data) > after_ip + 12:
        return after_ip + 4 * (data[after_ip + 12] >> 4)
    return after_ip + 8


def write_pcapng(path: Path, packets: Iterable[Packet], points: Sequence[str], comment: str) -> int:
    """Write a pcapng file, compressed with Zstandard; one interface for each place of recording.

    Returns:
        Number of packets.

    Source:
        PCAP Next Generation, draft-ietf-opsawg-pcapng; blocks 1, 6 and the section header.
    """
    count = 0
    compressor = zstandard.ZstdCompressor(level=19, write_checksum=True)
    with path.open("wb") as raw, compressor.stream_writer(raw) as sink:
        section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _option(1, comment.encode()) + _option(0, b"")
        sink.write(_block(0x0A0D0D0A, section))
        for point in points:
            interface = struct.pack("<HHI", 1, 0, 0) + _option(2, point.encode()) + _option(0, b"")
            sink.write(_block(1, interface))
        for packet in packets:
            high, low = divmod(packet.time_us, 1 << 32)
            head = struct.pack("<IIIII", packet.point, high, low, len(packet.data), packet.length)
            sink.write(_block(6, head + _padded(packet.data)))
            count += 1
    return count


def _direction(data: bytes) -> bytes:
    """Protocol, addresses and ports, as the frame has them."""
    after_ip = 14 + 4 * (data[14] & 0x0F)
    ports = data[after_ip : after_ip + 4] if data[23] in (6, 17) else b""
    return data[23:24] + data[26:34] + ports


def _opens(data: bytes) -> bool:
    after_ip = 14 + 4 * (data[14] & 0x0F)
    return data[23] == 6 and len(data) > after_ip + 13 and bool(data[after_ip + 13] & 0x02)


def _block(kind: int, body: bytes) -> bytes:
    size = 12 + len(body)
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
