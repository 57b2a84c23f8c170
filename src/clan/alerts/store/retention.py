"""How long alerts are kept, and how much room they may take."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from clan.alerts.store.connection import transaction
from clan.alerts.store.rows import now_us
from clan.errors import ConfigError

_PART = 2_000  # alerts that go at once: other writers must not wait for long
_PAGES = 4_096  # pages that are given back at once, for the same reason
_DAY_US = 86_400_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """What is kept; the oldest goes first. Alerts with a verdict stay: something was learnt from them.

    Attributes:
        max_bytes: Size of the store, > 0; None: no limit.
        max_days: Days since an alert was stored, > 0; None: no limit.

    Raises:
        ConfigError: A value is out of range.
    """

    max_bytes: int | None = 2 << 30
    max_days: float | None = 365.0

    def __post_init__(self) -> None:
        if self.max_bytes is not None and self.max_bytes < 1 << 20:
            raise ConfigError(f"a store needs at least 1 MiB, got {self.max_bytes:,} bytes")
        if self.max_days is not None and not self.max_days > 0:
            raise ConfigError(f"alerts are kept for more than 0 days, got {self.max_days:g}")


def prune(connection: sqlite3.Connection, retention: Retention) -> int:
    """Delete what is too old or too much, and give the room back; gives how many alerts were deleted.

    Raises:
        sqlite3.Error: The store cannot be written.
    """
    deleted = 0
    if retention.max_days is not None:
        oldest = now_us() - round(retention.max_days * _DAY_US)
        while part := _delete(connection, oldest):
            deleted += part
    if retention.max_bytes is not None:
        while size_of(connection) > retention.max_bytes and (part := _delete(connection, None)):
            deleted += part
    if deleted:
        _shrink(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return deleted


def size_of(connection: sqlite3.Connection) -> int:
    """Bytes that the store needs: its pages without those that are free."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)


def _shrink(connection: sqlite3.Connection) -> None:
    """Give free pages back, so that the file gets smaller."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    for _ in range(-(-free // _PAGES)):
        connection.executescript(f"PRAGMA incremental_vacuum({_PAGES})")  # a page a step, and `execute` takes one step


def _delete(connection: sqlite3.Connection, before_us: int | None) -> int:
    """Delete some of the oldest alerts, and closed incidents that have none left."""
    age, values = ("1", []) if before_us is None else ("stored_us < ?", [before_us])
    with transaction(connection):
        done = connection.execute(
            f"DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE {age} AND NOT EXISTS "  # noqa: S608
            "(SELECT 1 FROM verdict WHERE verdict.alert_id = alert.alert_id AND undone_us IS NULL) "
            "ORDER BY id LIMIT ?)",
            [*values, _PART],
        ).rowcount
        if done:
            connection.execute(
                "DELETE FROM incident WHERE state = 'closed' AND NOT EXISTS "
                "(SELECT 1 FROM alert WHERE alert.incident_id = incident.incident_id)"
            )
            connection.execute("UPDATE meta SET value = value + ? WHERE name = 'pruned_alerts'", (done,))
    return int(done)
