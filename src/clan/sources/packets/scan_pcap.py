"""Finding the records of a classic pcap file.

Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html
"""

from __future__ import annotations

from typing import Any, Final

from clan.flows.jit import Int, kernel
from clan.flows.profile import SECOND
from clan.flows.wire import little32, u32

MAX_CAPTURED: Final = 262_144
"""Bytes of one frame that any tool captures at most (libpcap's MAXIMUM_SNAPLEN); a claim of more is damage."""
MAX_LENGTH: Final = 1 << 30
MAX_TIME_US: Final = 1 << 53
MORE: Final = 0  # the buffer, or the room for frames, is used up
DAMAGED: Final = 1  # the record at the position cannot be one
BLOCK: Final = 2  # a block at the position that the caller has to handle (pcapng)


@kernel
def read32(buffer: Any, at: Int, big: bool) -> Int:
    """Read four bytes in the byte order of the file."""
    return u32(buffer, at) if big else little32(buffer, at)


@kernel
def scan_pcap(buffer: Any, at: Int, end: Int, layout: Any, found: Any) -> Any:
    """List the frames of a stretch of a pcap file.

    Args:
        buffer: uint8 array.
        at: Position of a record.
        end: End of the valid bytes.
        layout: (big-endian, nanoseconds, record header size, link type).
        found: (offset, captured, length, ts, link type), int64 arrays of one size that are filled.

    Returns:
        Frames found, the position behind the last of them, and MORE or DAMAGED.
    """
    big, nanos, header, link_type = layout
    offset, captured, length, ts, links = found
    n = 0
    while n < offset.size and at + header <= end:
        size = read32(buffer, at + 8, big)
        if size > MAX_CAPTURED:
            return n, at, DAMAGED
        if at + header + size > end:
            break
        fraction = read32(buffer, at + 4, big)
        ts[n] = read32(buffer, at, big) * SECOND + (fraction // 1000 if nanos else fraction)
        offset[n] = at + header
        captured[n] = size
        length[n] = min(max(read32(buffer, at + 12, big), size), MAX_LENGTH)
        links[n] = link_type
        at += header + size
        n += 1
    return n, at, MORE
