"""Chunks of packets from a capture file of either format."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from clan.errors import MalformedRecord, UnsupportedFormat
from clan.flows import Packets
from clan.sources.packets.interfaces import add_interface, section_is_big
from clan.sources.packets.scan_pcap import BLOCK, DAMAGED, scan_pcap
from clan.sources.packets.scan_pcapng import BAD_PACKETS, new_section, scan_pcapng

CHUNK_BYTES: Final = 4 << 20
CHUNK_FRAMES: Final = 1 << 16
MAX_BLOCK_BYTES: Final = 64 << 20
"""A pcapng block above this is damage; it also bounds the buffer."""

# The first four bytes: big-endian, nanoseconds, record header size.
_PCAP_MAGIC: Final = {
    b"\xa1\xb2\xc3\xd4": (True, False, 16),
    b"\xd4\xc3\xb2\xa1": (False, False, 16),
    b"\xa1\xb2\x3c\x4d": (True, True, 16),
    b"\x4d\x3c\xb2\xa1": (False, True, 16),
    b"\xa1\xb2\xcd\x34": (True, False, 24),  # Kuznetsov's modified format
    b"\x34\xcd\xb2\xa1": (False, False, 24),
}
_PCAPNG_MAGIC: Final = b"\x0a\x0d\x0d\x0a"


def is_capture(head: bytes) -> bool:
    """Tell from its first four bytes whether something is a pcap or pcapng file."""
    return head[:4] in _PCAP_MAGIC or head[:4] == _PCAPNG_MAGIC


class Stream(Protocol):
    """Where the bytes of a capture come from: `ByteStream`, or the pipe of a tool that captures."""

    path: str
    """What to call it in messages."""
    damage: str | None
    """Why it could not be read to its end, if so."""

    def readinto(self, buffer: npt.NDArray[np.uint8]) -> int:
        """Fill a buffer from its start; gives the bytes read, 0 where there are none (any more)."""


class PacketReader:
    """Reads one capture, in chunks, with memory that does not depend on its size.

    Args:
        stream: Where the bytes come from.
        chunk_bytes: Size of the buffer; the result does not depend on it.
        strict: Raise on damage instead of ending with a warning.

    Raises:
        UnsupportedFormat: The stream is neither pcap nor pcapng.
    """

    def __init__(self, stream: Stream, *, chunk_bytes: int = CHUNK_BYTES, strict: bool = False) -> None:
        self.warnings: list[str] = []
        self.over = False
        """Whether damage has ended the reading, and a warning told of it."""
        self._stream, self._strict = stream, strict
        self._buffer = np.empty(max(chunk_bytes, 1 << 12), np.uint8)
        self._at = self._end = 0
        self._consumed = 0  # bytes of the stream in front of the buffer
        self._found = tuple(np.empty(CHUNK_FRAMES, np.int64) for _ in range(5))
        self._big = False
        self._section = new_section()
        self._layout = self._open()

    def _open(self) -> tuple[bool, bool, int, int] | None:
        """Read the file header; gives the layout of a pcap file, None for pcapng."""
        while self._end < 24 and self._refill():
            pass
        head = self._buffer[: min(self._end, 24)].tobytes()
        if not head:
            raise UnsupportedFormat(f"{self._stream.path} is empty{self._because()}: expected a pcap or pcapng capture")
        if head[:4] == _PCAPNG_MAGIC:
            return None
        if head[:4] not in _PCAP_MAGIC:
            raise UnsupportedFormat(
                f"{self._stream.path} is no capture{self._because()}: expected the magic number of pcap or pcapng, "
                f"found bytes {head[:4].hex(' ')}"
            )
        if len(head) < 24:
            raise UnsupportedFormat(f"{self._stream.path} ends inside the 24 bytes of the pcap header")
        big, nanos, header = _PCAP_MAGIC[head[:4]]
        self._at = 24
        link_type = struct.unpack_from(">I" if big else "<I", head, 20)[0] & 0xFFFF  # upper bits: FCS length
        return big, nanos, header, link_type

    @property
    def bad_packets(self) -> int:
        """Count the packet blocks so far that contradict themselves (pcapng)."""
        return int(self._section.state[BAD_PACKETS])

    def _because(self) -> str:
        return f" ({self._stream.damage})" if self._stream.damage else ""

    def chunks(self) -> Iterator[Packets]:
        """Yield the packets in order of the file; the arrays are reused by the next chunk."""
        yield from self.ready()
        self.check_end()

    def ready(self) -> Iterator[Packets]:
        """Yield the packets that the stream has now; where it is a pipe, there may be more another time."""
        while not self.over:
            n, self._at, status = self._scan()
            if n:
                offset, captured, length, ts, links = (column[:n] for column in self._found)
                yield Packets(self._buffer, offset, captured, length, ts, links)
            if status == DAMAGED:
                self.over = True
                self._warn(f"damaged at byte {self._consumed + self._at}; what follows was not read")
            elif status == BLOCK:
                self.over = not self._describe()
            elif n < CHUNK_FRAMES and not self._refill():
                return

    def check_end(self) -> None:
        """Warn of what is left at the end of the stream."""
        if self.over:
            return
        if self._stream.damage:
            self._warn(self._stream.damage)
        elif self._end > self._at:
            left = self._end - self._at
            self._warn(f"truncated: the last {left} bytes are an incomplete record (is the file still being written?)")

    def _scan(self) -> tuple[int, int, int]:
        """List the frames in the buffer."""
        if self._layout is not None:
            return scan_pcap(self._buffer, self._at, self._end, self._layout, self._found)
        return scan_pcapng(self._buffer, self._at, self._end, self._big, self._section, self._found)

    def _describe(self) -> bool:
        """Handle a section header or interface block; False when the file cannot be followed any further."""
        while self._end - self._at < 12:
            if not self._refill():
                return self._broken("ends inside a block")
        head = self._buffer[self._at : self._at + 12].tobytes()
        is_section = head[:4] == _PCAPNG_MAGIC
        if is_section:
            big = section_is_big(head)
            if big is None:
                return self._broken("has a section header of unknown byte order")
            self._big = big
        size = struct.unpack_from(">I" if self._big else "<I", head, 4)[0]
        if size < 12 or size % 4 or size > MAX_BLOCK_BYTES:
            return self._broken(f"has a block that claims {size} bytes")
        while self._end - self._at < size:
            if not self._refill():
                return self._broken("ends inside a block")
        block = self._buffer[self._at : self._at + size].tobytes()
        if is_section:
            self._section.interfaces[0] = 0
        elif not add_interface(block, self._section, big=self._big):
            return self._broken("has an interface description that cannot be read")
        self._at += size
        return True

    def _broken(self, what: str) -> bool:
        self._warn(f"{what} at byte {self._consumed + self._at}; what follows was not read")
        return False

    def _refill(self) -> bool:
        """Move what is left to the front of the buffer and read on; False at the end."""
        if self._at:
            left = self._end - self._at
            self._buffer[:left] = self._buffer[self._at : self._end]
            self._consumed += self._at
            self._at, self._end = 0, left
        if self._end == self._buffer.size:
            if self._buffer.size >= MAX_BLOCK_BYTES:
                self._warn(f"has a block above {MAX_BLOCK_BYTES >> 20} MiB at byte {self._consumed}")
                return False
            self._buffer = np.concatenate([self._buffer, np.empty(self._buffer.size, np.uint8)])
        got = self._stream.readinto(self._buffer[self._end :])
        self._end += got
        return got > 0

    def _warn(self, what: str) -> None:
        message = f"{self._stream.path}: {what}"
        if self._strict:
            raise MalformedRecord(message)
        self.warnings.append(message)
