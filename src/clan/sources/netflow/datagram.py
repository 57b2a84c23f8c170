"""A datagram of an export, and the sets of records in it: what v5, v9 and IPFIX have in common."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from clan.sources.netflow.template import FieldSpec

MAX_SETS = 4096
"""Sets of a datagram that are looked at; each takes four bytes at least, so no honest one has more."""


class RecordSet(NamedTuple):
    """Records of one template, not yet read."""

    template_id: int
    data: bytes


class TemplateSpec(NamedTuple):
    """A template as it is announced; without fields it is a withdrawal."""

    template_id: int
    fields: tuple[FieldSpec, ...]
    options: bool


@dataclass(slots=True)
class Datagram:
    """What one datagram says.

    Attributes:
        version: 5, 9 or 10 (IPFIX).
        domain: Observation domain (IPFIX), source ID (v9) or engine (v5).
        sequence: Its number, as the version counts.
        exported_us: When it was sent, by the exporter's clock.
        boot_us: When the exporter started, by its clock; None where it does not tell (IPFIX).
        sampling: One packet in this many was looked at; 0 where the header does not tell.
        parts: Templates and sets of records, in their order.
        damage: Why the rest of it could not be read, if so.
        uptime_ms: How long the exporter has run, where it tells.
    """

    version: int
    domain: int
    sequence: int
    exported_us: int
    boot_us: int | None = None
    sampling: int = 0
    parts: list[RecordSet | TemplateSpec] = field(default_factory=list)
    damage: str | None = None
    uptime_ms: int | None = None


def sets_of(data: bytes, at: int, datagram: Datagram) -> Iterator[tuple[int, bytes]]:
    """Walk over the sets of a v9 or IPFIX datagram; a length that lies ends the walk and is noted.

    Args:
        data: The datagram.
        at: Where its first set begins.
        datagram: Where damage is noted.

    Yields:
        Set ID and what the set holds behind its header.
    """
    for _ in range(MAX_SETS):
        if len(data) - at < 4:
            return
        set_id, length = struct.unpack_from(">HH", data, at)
        if length < 4 or at + length > len(data):
            if any(data[at:]):  # zeros are padding
                datagram.damage = f"a set of {length} bytes where {len(data) - at} are left"
            return
        yield set_id, data[at + 4 : at + length]
        at += length


def read_field_specs(data: bytes, at: int, n: int, *, enterprise_bit: bool) -> tuple[tuple[FieldSpec, ...], int] | None:
    """Read n field specifications; gives them and the position behind, None where the data end too early."""
    fields = []
    for _ in range(n):
        if at + 4 > len(data):
            return None
        number, length = struct.unpack_from(">HH", data, at)
        at += 4
        enterprise = 0
        if enterprise_bit and number & 0x8000:
            if at + 4 > len(data):
                return None
            enterprise = struct.unpack_from(">I", data, at)[0]
            at += 4
            number &= 0x7FFF
        fields.append(FieldSpec(number, enterprise, length))
    return tuple(fields), at
