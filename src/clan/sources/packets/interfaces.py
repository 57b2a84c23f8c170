"""The blocks of a pcapng file that describe it: sections and interfaces."""

from __future__ import annotations

import struct
from typing import Final

from clan.sources.packets.scan_pcapng import MAX_INTERFACES, Section

_END: Final = 0
_TIME_RESOLUTION: Final = 9
_TIME_OFFSET: Final = 14
_MICROSECONDS: Final = 1_000_000
_MAX_OFFSET_S: Final = 1 << 33


def section_is_big(block: bytes) -> bool | None:
    """Read the byte order of a section header block; None when it is not one."""
    magic = block[8:12]
    if magic == b"\x1a\x2b\x3c\x4d":
        return True
    if magic == b"\x4d\x3c\x2b\x1a":
        return False
    return None


def add_interface(block: bytes, section: Section, *, big: bool) -> bool:
    """Read an interface description block into the section.

    Returns:
        False when the block is too short, or there are too many interfaces.
    """
    at = int(section.interfaces[0])
    if len(block) < 20 or at >= MAX_INTERFACES:
        return False
    order = ">" if big else "<"
    link_type, _, snap_length = struct.unpack_from(f"{order}HHI", block, 8)
    units, offset_s = _time_options(block[16:-4], order)
    section.link_type[at] = link_type
    section.snap_length[at] = snap_length
    section.units[at] = units
    section.offset_us[at] = offset_s * _MICROSECONDS
    section.interfaces[0] = at + 1
    return True


def _time_options(options: bytes, order: str) -> tuple[int, int]:
    """Read if_tsresol and if_tsoffset; gives units in a second and seconds to add."""
    units, offset_s, at = _MICROSECONDS, 0, 0
    while at + 4 <= len(options):
        code, size = struct.unpack_from(f"{order}HH", options, at)
        value = options[at + 4 : at + 4 + size]
        if code == _END or len(value) < size:
            break
        if code == _TIME_RESOLUTION and size == 1:
            exponent = value[0] & 0x7F
            units = 2 ** min(exponent, 62) if value[0] & 0x80 else 10 ** min(exponent, 18)
        elif code == _TIME_OFFSET and size == 8:
            seconds = struct.unpack(f"{order}q", value)[0]
            offset_s = max(-_MAX_OFFSET_S, min(seconds, _MAX_OFFSET_S))
        at += 4 + size + (-size) % 4
    return units, offset_s
