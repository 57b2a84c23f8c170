"""Suppressions in the store: adding and removing them hides and shows the alerts that are stored already."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from clan.alerts.store.connection import transaction
from clan.alerts.store.query import hides
from clan.alerts.store.recovery import recover
from clan.alerts.store.rows import micros, moment, now_us
from clan.alerts.store.suppression_rows import COLUMNS, active_suppressions, suppression_of
from clan.alerts.suppression import Suppression
from clan.errors import StoreError

_VISIBLE = "hidden_by IS NULL"


class Preview(NamedTuple):
    """What a suppression would do: hide `hidden` of the `visible` alerts that are stored and not hidden."""

    hidden: int
    visible: int


class StoredSuppression(NamedTuple):
    """A suppression as it stands in the store.

    Attributes:
        suppression: The suppression.
        hits: Alerts that it hid as they came.
        last_hit: When it last did, or None.
        hiding: Stored alerts that it hides now, whenever they came.
    """

    suppression: Suppression
    hits: int
    last_hit: datetime | None
    hiding: int


class SuppressionTable:
    """The suppressions of a store."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def version(self) -> int:
        """Rises with each change."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = 'suppressions_version'").fetchone()
        return int(row[0])

    def active(self) -> list[Suppression]:
        """Give those that are in force, oldest first; also those that have ended, for alerts from before their end."""
        return active_suppressions(self._connection)

    def listed(self) -> list[StoredSuppression]:
        """Give those that are in force, with their counters."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS}, hits, last_hit_us, "  # noqa: S608 - names of our own columns
            "(SELECT count(*) FROM alert WHERE hidden_by = suppression_id) "
            "FROM suppression WHERE removed_us IS NULL ORDER BY created_us, suppression_id"
        )
        return [StoredSuppression(suppression_of(row), row[-3], moment(row[-2]), row[-1]) for row in rows]

    def preview(self, entry: Suppression) -> Preview:
        """Count what a suppression would hide."""
        sql, values = hides(entry)
        row = self._connection.execute(
            f"SELECT coalesce(sum({sql}), 0), count(*) FROM alert WHERE {_VISIBLE}",  # noqa: S608 - see `hides`
            values,
        ).fetchone()
        return Preview(int(row[0]), int(row[1]))

    def add(self, entry: Suppression) -> int:
        """Add a suppression, or renew the time limit and reason of the same one; gives how many alerts it hides."""
        made = entry.created or datetime.now(UTC)
        with transaction(self._connection):
            self._connection.execute(
                f"INSERT OR REPLACE INTO suppression (suppression_id, {COLUMNS}, hits, last_hit_us) "  # noqa: S608
                "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce(max(hits), 0), max(last_hit_us) "
                "FROM suppression WHERE suppression_id = ? AND removed_us IS NULL",
                (
                    entry.suppression_id,
                    *(None if place is None else str(place) for place in (entry.src, entry.dst)),
                    entry.port, entry.protocol, entry.label, entry.alert_id, micros(entry.until), int(entry.either),
                    entry.reason, entry.origin, micros(made), entry.suppression_id,
                ),
            )  # fmt: skip
            recover(self._connection, entry.suppression_id)  # a nearer time limit shows what it hid beyond
            sql, values = hides(entry)
            self._connection.execute(
                f"UPDATE alert SET hidden_by = ? WHERE {_VISIBLE} AND {sql}",  # noqa: S608 - see `hides`
                [entry.suppression_id, *values],
            )
            self._changed()
            (hiding,) = self._connection.execute(
                "SELECT count(*) FROM alert WHERE hidden_by = ?", (entry.suppression_id,)
            ).fetchone()
        return int(hiding)

    def remove(self, prefix: str) -> tuple[Suppression, int]:
        """Remove a suppression by its id, or the beginning of it; gives it, and how many alerts are seen again.

        Raises:
            StoreError: None has such an id, or several have.
        """
        found = [entry for entry in self.active() if entry.suppression_id.startswith(prefix.lower())] if prefix else []
        if len(found) != 1:
            known = ", ".join(entry.suppression_id for entry in found or self.active()[:20]) or "none"
            raise StoreError(
                f"{len(found) or 'no'} suppressions have an id that begins with {prefix!r} (known: {known})"
            )
        entry = found[0]
        with transaction(self._connection):
            self._connection.execute(
                "UPDATE suppression SET removed_us = ? WHERE suppression_id = ?", (now_us(), entry.suppression_id)
            )
            shown = recover(self._connection, entry.suppression_id)
            self._changed()
        return entry, shown

    def count_hits(self, hits: Mapping[str, int]) -> None:
        """Add to the counters of suppressions; ids that the store does not know are passed over."""
        if hits:
            with transaction(self._connection):
                self._connection.executemany(
                    "UPDATE suppression SET hits = hits + ?, last_hit_us = ? WHERE suppression_id = ?",
                    [(count, now_us(), name) for name, count in hits.items()],
                )

    def _changed(self) -> None:
        self._connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'suppressions_version'")
