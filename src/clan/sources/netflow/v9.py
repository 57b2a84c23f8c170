"""NetFlow v9: templates, options and records in flow sets (RFC 3954)."""

from __future__ import annotations

import struct
from typing import Final

from clan.sources.netflow.datagram import Datagram, RecordSet, TemplateSpec, read_field_specs, sets_of
from clan.sources.netflow.template import FieldSpec

HEADER: Final = struct.Struct(">HHIIII")
TEMPLATES, OPTIONS = 0, 1


def read_v9(data: bytes) -> Datagram | None:
    """Read a v9 datagram; None where it is shorter than its header."""
    if len(data) < HEADER.size:
        return None
    _, _, uptime, seconds, sequence, source = HEADER.unpack_from(data)
    datagram = Datagram(
        version=9,
        domain=source,
        sequence=sequence,
        exported_us=seconds * 1_000_000,
        boot_us=seconds * 1_000_000 - uptime * 1000,
        uptime_ms=uptime,
    )
    for set_id, body in sets_of(data, HEADER.size, datagram):
        if set_id >= 256:
            datagram.parts.append(RecordSet(set_id, body))
        elif set_id in (TEMPLATES, OPTIONS):
            read = _templates if set_id == TEMPLATES else _options
            datagram.damage = read(body, datagram) or datagram.damage
    return datagram


def _templates(body: bytes, datagram: Datagram) -> str | None:
    """Read the templates of a set; gives what is wrong with them, if anything."""
    at = 0
    while at + 4 <= len(body):
        template_id, n = struct.unpack_from(">HH", body, at)
        if template_id < 256:
            return None if not any(body[at:]) else f"a template numbered {template_id}"
        found = read_field_specs(body, at + 4, n, enterprise_bit=False)
        if found is None:
            return f"a template of {n} fields that ends too early"
        fields, at = found
        datagram.parts.append(TemplateSpec(template_id, fields, options=False))
    return None


def _options(body: bytes, datagram: Datagram) -> str | None:
    """Read the options templates of a set; what a record is about (its scope) comes first, and is skipped."""
    at = 0
    while at + 6 <= len(body):
        template_id, scope, options = struct.unpack_from(">HHH", body, at)
        if template_id < 256:
            return None if not any(body[at:]) else f"an options template numbered {template_id}"
        found = read_field_specs(body, at + 6, scope // 4 + options // 4, enterprise_bit=False)
        if found is None:
            return "an options template that ends too early"
        fields, at = found
        # scope types are numbers of their own (1 system, 2 interface...), not elements
        scopes = tuple(FieldSpec(0, 0, spec.length) for spec in fields[: scope // 4])
        datagram.parts.append(TemplateSpec(template_id, (*scopes, *fields[scope // 4 :]), options=True))
    return None
