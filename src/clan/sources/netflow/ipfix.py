"""IPFIX: as v9, with enterprise elements, fields of variable length and withdrawals (RFC 7011)."""

from __future__ import annotations

import struct
from typing import Final

from clan.sources.netflow.datagram import Datagram, RecordSet, TemplateSpec, read_field_specs, sets_of

HEADER: Final = struct.Struct(">HHIII")
TEMPLATES, OPTIONS = 2, 3


def read_ipfix(data: bytes) -> Datagram | None:
    """Read an IPFIX message; None where it is shorter than its header."""
    if len(data) < HEADER.size:
        return None
    _, length, seconds, sequence, domain = HEADER.unpack_from(data)
    datagram = Datagram(version=10, domain=domain, sequence=sequence, exported_us=seconds * 1_000_000)
    if length > len(data) or length < HEADER.size:
        datagram.damage = f"a message of {length} bytes in a datagram of {len(data)}"
    for set_id, body in sets_of(data[: max(length, HEADER.size)], HEADER.size, datagram):
        if set_id >= 256:
            datagram.parts.append(RecordSet(set_id, body))
        elif set_id in (TEMPLATES, OPTIONS):
            datagram.damage = _templates(body, datagram, options=set_id == OPTIONS) or datagram.damage
    return datagram


def _templates(body: bytes, datagram: Datagram, *, options: bool) -> str | None:
    """Read the templates of a set; gives what is wrong with them, if anything."""
    at = 0
    while at + 4 <= len(body):
        template_id, n = struct.unpack_from(">HH", body, at)
        if template_id < 256:
            # 2 and 3 withdraw all templates of their kind; zeros are padding
            if template_id in (TEMPLATES, OPTIONS) and n == 0:
                datagram.parts.append(TemplateSpec(template_id, (), options))
                at += 4
                continue
            return None if not any(body[at:]) else f"a template numbered {template_id}"
        # a withdrawal has no field count of scopes, in either kind of set
        found = read_field_specs(body, at + (6 if options and n else 4), n, enterprise_bit=True)
        if found is None:
            return f"a template of {n} fields that ends too early"
        fields, at = found
        datagram.parts.append(TemplateSpec(template_id, fields, options))
    return None
