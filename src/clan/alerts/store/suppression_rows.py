"""Suppressions as rows."""

from __future__ import annotations

import ipaddress
import sqlite3

from clan.alerts.store.rows import moment
from clan.alerts.suppression import Suppression

COLUMNS = "src, dst, port, protocol, label, alert_id, until_us, either, reason, origin, created_us"
"""What `suppression_of` reads, in order."""


def active_suppressions(connection: sqlite3.Connection) -> list[Suppression]:
    """Give those that are not removed, oldest first."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM suppression WHERE removed_us IS NULL ORDER BY created_us, suppression_id"  # noqa: S608
    )
    return [suppression_of(row) for row in rows]


def suppression_of(row: tuple[object, ...]) -> Suppression:
    """Read a row that begins with `COLUMNS`."""
    src, dst, port, protocol, label, alert_id, until_us, either, reason, origin, created_us, *_ = row
    return Suppression(
        src=None if src is None else ipaddress.ip_network(str(src)),
        dst=None if dst is None else ipaddress.ip_network(str(dst)),
        port=port,  # type: ignore[arg-type]  # the table's types
        protocol=protocol,  # type: ignore[arg-type]
        label=label,  # type: ignore[arg-type]
        alert_id=alert_id,  # type: ignore[arg-type]
        until=moment(until_us),  # type: ignore[arg-type]
        either=bool(either),
        reason=str(reason),
        origin=str(origin),
        created=moment(created_us),  # type: ignore[arg-type]
    )
