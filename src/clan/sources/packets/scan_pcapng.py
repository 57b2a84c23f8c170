"""Finding the packet blocks of a pcapng file.

Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html. Compiled code handles what comes by the
million, packet blocks; section headers and interface descriptions are left to the caller.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clan.flows.jit import Int, kernel
from clan.flows.profile import SECOND
from clan.sources.packets.scan_pcap import BLOCK, DAMAGED, MAX_CAPTURED, MAX_LENGTH, MAX_TIME_US, MORE, read32

SECTION_HEADER: Final = 0x0A0D0D0A
INTERFACE: Final = 1
OBSOLETE_PACKET: Final = 2
SIMPLE_PACKET: Final = 3
ENHANCED_PACKET: Final = 6
MAX_INTERFACES: Final = 4096
BAD_PACKETS: Final = 0  # index into `Section.state`
LAST_TS: Final = 1


class Section(NamedTuple):
    """What the packet blocks of a section refer to."""

    link_type: npt.NDArray[np.int64]  # (MAX_INTERFACES,)
    units: npt.NDArray[np.int64]  # (MAX_INTERFACES,), units of time in a second
    offset_us: npt.NDArray[np.int64]  # (MAX_INTERFACES,)
    snap_length: npt.NDArray[np.int64]  # (MAX_INTERFACES,), 0 = no limit
    interfaces: npt.NDArray[np.int64]  # (1,), how many there are
    state: npt.NDArray[np.int64]  # (2,): damaged packet blocks so far, time of the last packet


def new_section() -> Section:
    """Make a section without interfaces."""
    links, units, offsets, snaps = np.zeros((4, MAX_INTERFACES), np.int64)
    return Section(links, units, offsets, snaps, interfaces=np.zeros(1, np.int64), state=np.zeros(2, np.int64))


@kernel
def microseconds(high: Int, low: Int, units: Int, offset_us: Int) -> Int:
    """Convert a timestamp of the file to us since the epoch, within [0, MAX_TIME_US]."""
    stamp = (np.uint64(high) << np.uint64(32)) | np.uint64(low)
    per_second = np.uint64(units)
    seconds = np.int64(min(stamp // per_second, np.uint64(1 << 40)))
    rest = np.int64(stamp % per_second)
    if units <= 1 << 42:  # the product stays below 2^63
        fraction = rest * SECOND // units
    elif units % SECOND == 0:  # a power of ten
        fraction = rest // (units // SECOND)
    else:  # a power of two: multiply in two halves, so that nothing is rounded
        lower = (rest & 0xFFFFF) * SECOND >> 20
        fraction = ((rest >> 20) * SECOND + lower) // (units >> 20)
    return min(max(seconds * SECOND + fraction + offset_us, 0), MAX_TIME_US)


@kernel
def scan_pcapng(buffer: Any, at: Int, end: Int, big: bool, section: Section, found: Any) -> Any:
    """List the packets of a stretch of a pcapng file.

    Args:
        buffer: uint8 array.
        at: Position of a block.
        end: End of the valid bytes.
        big: Whether the section is big-endian.
        section: The interfaces so far.
        found: (offset, captured, length, ts, link type), int64 arrays of one size that are filled.

    Returns:
        Packets found, the position behind the last handled block, and MORE, DAMAGED or BLOCK.
    """
    n = 0
    while n < found[0].size and at + 12 <= end:
        kind = read32(buffer, at, big)
        if kind in (SECTION_HEADER, INTERFACE):
            return n, at, BLOCK
        size = read32(buffer, at + 4, big)
        if size < 12 or size % 4:
            return n, at, DAMAGED
        if at + size > end:
            return n, at, MORE
        if kind in (ENHANCED_PACKET, SIMPLE_PACKET, OBSOLETE_PACKET):
            n += packet_block(buffer, at, big, section, found, n)
        at += size
    return n, at, MORE


@kernel
def packet_block(buffer: Any, at: Int, big: bool, section: Section, found: Any, n: Int) -> Int:
    """Read the packet block at a position into entry n; gives 1, or 0 for a block that contradicts itself."""
    offset, captured, length, ts, links = found
    kind, size = read32(buffer, at, big), read32(buffer, at + 4, big)
    fixed = 12 if kind == SIMPLE_PACKET else 28
    interface = 0
    if size < fixed + 4:
        section.state[BAD_PACKETS] += 1
        return 0
    if kind == SIMPLE_PACKET:
        wire = read32(buffer, at + 8, big)
        kept = min(wire, size - 16)
        if section.snap_length[0] > 0:
            kept = min(kept, section.snap_length[0])
    else:
        interface = read32(buffer, at + 8, big)
        if kind == OBSOLETE_PACKET:  # 16 bits of interface, 16 of drop count, in the file's byte order
            interface = interface >> 16 if big else interface & 0xFFFF
        kept, wire = read32(buffer, at + 20, big), read32(buffer, at + 24, big)
    if interface >= section.interfaces[0] or kept > size - fixed - 4 or kept > MAX_CAPTURED:
        section.state[BAD_PACKETS] += 1
        return 0
    if kind != SIMPLE_PACKET:
        section.state[LAST_TS] = microseconds(
            read32(buffer, at + 12, big),
            read32(buffer, at + 16, big),
            section.units[interface],
            section.offset_us[interface],
        )
    ts[n] = section.state[LAST_TS]
    offset[n] = at + fixed
    captured[n] = kept
    length[n] = min(max(wire, kept), MAX_LENGTH)
    links[n] = section.link_type[interface]
    return 1
