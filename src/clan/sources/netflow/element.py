"""The information elements that flows are made from, of all that an exporter may send.

Numbers are those of the IANA registry "IPFIX Information Elements", which NetFlow v9 shares below 128. Everything else
in a record is skipped by its length.
"""

from __future__ import annotations

from typing import Final

REVERSE: Final = 29305
"""The enterprise number whose elements count the other direction of a bidirectional record (RFC 5103)."""

_NUMBER: Final = range(1, 9)
"""Lengths that a number may have (reduced-size encoding, RFC 7011 section 6.2)."""

_ELEMENTS: Final[dict[str, tuple[int, ...]]] = {
    "bytes": (1, 85, 231, 23),
    "packets": (2, 86, 298, 24),
    "protocol": (4,),
    "flags": (6,),
    "src_port": (7,),
    "dst_port": (11,),
    "src_v4": (8,),
    "dst_v4": (12,),
    "src_v6": (27,),
    "dst_v6": (28,),
    "icmp": (32, 139),
    "icmp_type": (176, 178),
    "icmp_code": (177, 179),
    "vlan": (58, 243),
    "start_ms": (152,),
    "end_ms": (153,),
    "start_s": (150,),
    "end_s": (151,),
    "start_ntp": (154, 156),
    "end_ntp": (155, 157),
    "start_up": (22,),
    "end_up": (21,),
    "start_ago": (158,),
    "end_ago": (159,),
    "boot_ms": (160,),
    "lasted_ms": (161,),
    "lasted_us": (162,),
    "back_bytes": (232,),
    "back_packets": (299,),
    "turned": (239,),
    "sampler": (48, 302),
    "one_in": (34, 50),
    "sample_taken": (305, 309),
    "sample_passed": (306,),
    "sample_of": (310,),
}
"""Our name to the elements that fill it, the best first."""

_REVERSED: Final = {1: "back_bytes", 85: "back_bytes", 2: "back_packets", 86: "back_packets", 6: "back_flags"}

_NAMES: Final = {number: (name, i) for name, numbers in _ELEMENTS.items() for i, number in enumerate(numbers)}

_ADDRESSES: Final = {"src_v4": 4, "dst_v4": 4, "src_v6": 16, "dst_v6": 16}


def name_of(number: int, enterprise: int, length: int) -> tuple[str, int] | None:
    """Give our name of an element and how good it is (0 is best); None where it is of no use or has an odd length.

    Args:
        number: Of the element.
        enterprise: Private enterprise number; 0 for the IANA registry.
        length: Bytes that it has in the record.

    Example:
        >>> name_of(152, 0, 8)
        ('start_ms', 0)
    """
    if enterprise == REVERSE:
        found = (_REVERSED[number], 0) if number in _REVERSED else None
    else:
        found = _NAMES.get(number) if enterprise == 0 else None
    if found is None or (length != _ADDRESSES[found[0]] if found[0] in _ADDRESSES else length not in _NUMBER):
        return None
    return found
