"""Writing alerts and incidents: one transaction a batch, and a bounded wait where the disk is full."""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from clan.alerts.alert import Alert
from clan.alerts.incident import Incident
from clan.alerts.store.connection import transaction
from clan.alerts.store.rows import (
    ALERT_COLUMNS,
    INCIDENT_COLUMNS,
    FeatureRows,
    alert_row,
    incident_row,
    now_us,
    upsert,
)
from clan.errors import DataError

WAITING = 20_000
"""Rows that wait for a disk that is full or a store that is locked; beyond, the oldest are lost, and counted."""

_ALERT = upsert("alert", ALERT_COLUMNS, ("alert_id", "uid"), keep=("stored_us",))
_INCIDENT = upsert("incident", INCIDENT_COLUMNS, ("incident_id",))
_MERGED = "UPDATE alert SET incident_id = ? WHERE incident_id = ?"

Row = tuple[object, ...]


class _Batch(NamedTuple):
    alerts: list[Row]
    incidents: list[Row]
    merged: list[Row]

    @property
    def size(self) -> int:
        return len(self.alerts) + len(self.incidents)


class StoreWriter:
    """Writes batches; what could not be written waits and goes first the next time.

    Attributes:
        n_stored: Alerts that were committed.
        n_lost: Alerts and incidents that had to be given up.
        failure: Why the last write failed, or None while all is well.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: deque[_Batch] = deque()
        self.n_stored = self.n_lost = 0
        self.failure: str | None = None

    @property
    def n_waiting(self) -> int:
        """Alerts and incidents that wait to be written."""
        return sum(batch.size for batch in self._waiting)

    def write(
        self,
        alerts: Sequence[Alert],
        *,
        features: FeatureRows | None = None,
        hidden: Mapping[str, str] | None = None,
        incidents: Sequence[Incident] = (),
    ) -> bool:
        """Commit alerts and incidents together; gives whether everything is committed.

        A disk that is full, or a store that somebody else keeps locked, is no error here: the rows wait.

        Raises:
            DataError: As many rows of features as alerts were expected.
        """
        if alerts or incidents:
            self._waiting.append(self._rows(alerts, features, hidden or {}, incidents))
        while self._waiting:
            try:
                self._commit(self._waiting[0])
            except sqlite3.Error as error:
                self.failure = str(error)
                self._shed()
                return False
            self.n_stored += len(self._waiting.popleft().alerts)
        self.failure = None
        return True

    def _rows(
        self,
        alerts: Sequence[Alert],
        features: FeatureRows | None,
        hidden: Mapping[str, str],
        incidents: Sequence[Incident],
    ) -> _Batch:
        if features is not None and len(features.values) != len(alerts):
            raise DataError(f"expected features of {len(alerts)} alerts, got {len(features.values)}")
        stored_us, names = now_us(), None if features is None else features.names
        blobs = [None] * len(alerts) if features is None else [row.tobytes() for row in _little(features.values)]
        rows = [
            alert_row(
                alert,
                stored_us=stored_us,
                hidden_by=hidden.get(alert.alert_id),
                feature_set=names,  # type: ignore[arg-type]  # names become a number when they are written
                features=blob,
            )
            for alert, blob in zip(alerts, blobs, strict=True)
        ]
        latest = {incident.incident_id: incident for incident in incidents}  # of several records the last one counts
        merged: list[Row] = [(i.merged_into, i.incident_id) for i in incidents if i.merged_into is not None]
        return _Batch(rows, [incident_row(i, stored_us=stored_us) for i in latest.values()], merged)

    def _commit(self, batch: _Batch) -> None:
        with transaction(self._connection):
            numbered = self._numbered(batch.alerts)
            self._connection.executemany(_ALERT, numbered)
            self._connection.executemany(_INCIDENT, batch.incidents)
            self._connection.executemany(_MERGED, batch.merged)

    def _numbered(self, rows: list[Row]) -> list[Row]:
        """Put the number of the feature set where its names are."""
        place = ALERT_COLUMNS.index("feature_set")
        names = rows[0][place] if rows else None
        if names is None:
            return rows
        number = self._feature_set(names)  # type: ignore[arg-type]  # see `_rows`
        return [(*row[:place], number, *row[place + 1 :]) for row in rows]

    def _feature_set(self, names: tuple[str, ...]) -> int:
        text = json.dumps(names)
        self._connection.execute("INSERT OR IGNORE INTO feature_set (names) VALUES (?)", (text,))
        (number,) = self._connection.execute("SELECT id FROM feature_set WHERE names = ?", (text,)).fetchone()
        return int(number)

    def _shed(self) -> None:
        """Give up the oldest of what waits where it is too much."""
        while self.n_waiting > WAITING and len(self._waiting) > 1:
            self.n_lost += self._waiting.popleft().size


def _little(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype="<f8")
