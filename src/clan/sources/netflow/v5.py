"""NetFlow v5: one fixed kind of record, in a header that tells the time to the nanosecond.

Source: Cisco, "NetFlow Export Datagram Format", tables B-3 and B-4.
"""

from __future__ import annotations

import struct
from typing import Final

from clan.sources.netflow.datagram import Datagram, RecordSet, TemplateSpec
from clan.sources.netflow.template import FieldSpec

HEADER: Final = struct.Struct(">HHIIIIBBH")
RECORD: Final = 48
TEMPLATE_ID: Final = 5
"""Below 256, so no exporter of templates can take it."""
TEMPLATE: Final = TemplateSpec(
    TEMPLATE_ID,
    tuple(
        FieldSpec(number, 0, length)
        for number, length in (
            (8, 4), (12, 4), (15, 4), (10, 2), (14, 2), (2, 4), (1, 4), (22, 4), (21, 4), (7, 2), (11, 2),
            (210, 1), (6, 1), (4, 1), (5, 1), (16, 2), (17, 2), (9, 1), (13, 1), (210, 2),
        )
    ),
    options=False,
)  # fmt: skip
"""The record in the terms of v9; 210 is padding."""


def read_v5(data: bytes) -> Datagram | None:
    """Read a v5 datagram; None where it is shorter than its header."""
    if len(data) < HEADER.size:
        return None
    _, n, uptime, seconds, nanos, sequence, engine_type, engine, sampling = HEADER.unpack_from(data)
    exported = seconds * 1_000_000 + min(nanos, 999_999_999) // 1000
    datagram = Datagram(
        version=5,
        domain=(engine_type << 8) | engine,
        sequence=sequence,
        exported_us=exported,
        boot_us=exported - uptime * 1000,
        sampling=sampling & 0x3FFF,  # the upper two bits are the mode
        uptime_ms=uptime,
    )
    whole = min(n, (len(data) - HEADER.size) // RECORD)
    if whole < n:
        datagram.damage = f"{n} records announced and {whole} there"
    if whole:
        datagram.parts.append(RecordSet(TEMPLATE_ID, data[HEADER.size : HEADER.size + whole * RECORD]))
    return datagram
