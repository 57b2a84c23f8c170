"""Exports written by hand: v5, v9 and IPFIX datagrams."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Sequence

EXPORTED_S = 1_700_000_000
UPTIME_MS = 3_600_000

Fields = Sequence[tuple[int, int] | tuple[int, int, int]]
"""Element, length and enterprise of each field."""

V4_FIELDS: Fields = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (2, 4), (1, 4), (22, 4), (21, 4))


def address(text: str) -> bytes:
    """An address as it is sent."""
    return ipaddress.ip_address(text).packed


def v4_record(
    src: str = "10.0.0.1",
    dst: str = "10.0.0.2",
    *,
    ports: tuple[int, int] = (40000, 80),
    protocol: int = 6,
    flags: int = 0x1B,
    packets: int = 10,
    octets: int = 1000,
    first: int = UPTIME_MS - 5000,
    last: int = UPTIME_MS - 1000,
) -> bytes:
    """A record of `V4_FIELDS`; times in ms since the exporter started."""
    head = address(src) + address(dst) + struct.pack(">HHBB", *ports, protocol, flags)
    return head + struct.pack(">IIII", packets, octets, first, last)


def v5(records: Sequence[bytes], *, sequence: int = 0, sampling: int = 0, count: int | None = None) -> bytes:
    """A v5 datagram of records of `V4_FIELDS`."""
    n = len(records) if count is None else count
    out = struct.pack(">HHIIIIBBH", 5, n, UPTIME_MS, EXPORTED_S, 500_000_000, sequence, 0, 0, sampling)
    for r in records:
        src, dst, ports, protocol, flags, counts, times = r[:4], r[4:8], r[8:12], r[12:13], r[13:14], r[14:22], r[22:]
        out += src + dst + bytes(8) + counts + times + ports + b"\0" + flags + protocol + bytes(9)
    return out


def record_set(set_id: int, body: bytes) -> bytes:
    """A set, padded to four bytes."""
    body += bytes(-len(body) % 4)
    return struct.pack(">HH", set_id, len(body) + 4) + body


def template(template_id: int, fields: Fields, *, ipfix: bool = False, scopes: int | None = None) -> bytes:
    """A set with one template; with `scopes` one of options, whose first fields are the scope."""
    specs = b""
    for number, length, *enterprise in fields:
        specs += struct.pack(">HH", number | (0x8000 if enterprise else 0), length)
        specs += struct.pack(">I", *enterprise) if enterprise else b""
    if scopes is None:
        return record_set(2 if ipfix else 0, struct.pack(">HH", template_id, len(fields)) + specs)
    if ipfix:
        return record_set(3, struct.pack(">HHH", template_id, len(fields), scopes) + specs)
    return record_set(1, struct.pack(">HHH", template_id, 4 * scopes, 4 * (len(fields) - scopes)) + specs)


def v9(*sets: bytes, sequence: int = 0, source: int = 0, uptime: int = UPTIME_MS, exported: int = EXPORTED_S) -> bytes:
    """A v9 datagram."""
    return struct.pack(">HHIIII", 9, len(sets), uptime, exported, sequence, source) + b"".join(sets)


def ipfix(*sets: bytes, sequence: int = 0, domain: int = 0, length: int | None = None) -> bytes:
    """An IPFIX message."""
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body) if length is None else length, EXPORTED_S, sequence, domain) + body
