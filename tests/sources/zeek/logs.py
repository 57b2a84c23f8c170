"""Zeek logs as Zeek writes them, made up for the tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

CONN = [
    "ts",
    "uid",
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "proto",
    "service",
    "duration",
    "orig_bytes",
    "resp_bytes",
    "conn_state",
    "local_orig",
    "local_resp",
    "missed_bytes",
    "history",
    "orig_pkts",
    "orig_ip_bytes",
    "resp_pkts",
    "resp_ip_bytes",
    "tunnel_parents",
]
ANSWERED: dict[str, Any] = {
    "ts": 1700000000.25,
    "uid": "C0",
    "id.orig_h": "192.0.2.1",
    "id.orig_p": 40000,
    "id.resp_h": "198.51.100.7",
    "id.resp_p": 443,
    "proto": "tcp",
    "service": "ssl",
    "duration": 1.5,
    "orig_bytes": 500,
    "resp_bytes": 9000,
    "conn_state": "SF",
    "missed_bytes": 0,
    "history": "ShADadFf",
    "orig_pkts": 12,
    "orig_ip_bytes": 1140,
    "resp_pkts": 10,
    "resp_ip_bytes": 9520,
}
"""A TLS connection that ended well."""


def connections(n: int) -> list[dict[str, Any]]:
    """Connections, a hundredth of a second apart, written a little out of order."""
    rows = [{**ANSWERED, "uid": f"C{i:08}", "ts": 1700000000 + i / 100, "id.orig_p": i % 60_000} for i in range(n)]
    return [row for i in range(0, n, 5) for row in reversed(rows[i : i + 5])]


def header(path: str = "conn", fields: Sequence[str] = CONN, *, separator: str = "\t") -> str:
    """The header that Zeek writes."""
    shown = separator.join(fields)
    return (
        f"#separator \\x{ord(separator):02x}\n#set_separator{separator},\n#empty_field{separator}(empty)\n"
        f"#unset_field{separator}-\n#path{separator}{path}\n#open{separator}2023-11-14-22-13-20\n#fields{separator}{shown}\n"
        f"#types{separator}{separator.join(['string'] * len(fields))}\n"
    )


def lines(rows: Sequence[Mapping[str, Any]], fields: Sequence[str] = CONN, *, separator: str = "\t") -> str:
    """Rows as lines; what a row lacks is unset."""
    return "".join(separator.join(str(row.get(name, "-")) for name in fields) + "\n" for row in rows)


def text(rows: Sequence[Mapping[str, Any]], path: str = "conn", fields: Sequence[str] = CONN) -> str:
    """A whole log in columns."""
    return header(path, fields) + lines(rows, fields) + "#close\t2023-11-14-23-00-00\n"


def ndjson(rows: Sequence[Mapping[str, Any]]) -> str:
    """A whole log in JSON."""
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
