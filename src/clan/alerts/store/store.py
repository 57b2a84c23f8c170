"""The store: alerts, incidents, verdicts and suppressions in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import polars as pl

from clan.alerts.alert import Alert
from clan.alerts.incident import Incident
from clan.alerts.store.connection import Synchronous, connect
from clan.alerts.store.frames import feature_frame, judged_frame
from clan.alerts.store.query import Query
from clan.alerts.store.retention import Retention, prune, size_of
from clan.alerts.store.rows import FeatureRows, alert_of, feature_names, incident_of
from clan.alerts.store.suppression_table import SuppressionTable
from clan.alerts.store.verdict_table import VerdictTable
from clan.alerts.store.writer import StoreWriter
from clan.alerts.suppressions import Suppressions
from clan.errors import StoreError

_PRUNE_EVERY = 20_000  # alerts between two looks at the size


class StoredAlert(NamedTuple):
    """An alert, and the id of the suppression that hides it, or None."""

    alert: Alert
    hidden_by: str | None


class Store:
    """One file that keeps what was found and what was said of it; several processes may use it at once.

    What `write` has committed survives an end of the process at any moment (`kill -9`). A power failure may take back
    the last commits, and never damages the file; `synchronous="full"` waits for the disk at every commit instead.

    Args:
        path: The file.
        create: Make it where it is not there.
        synchronous: `normal` or `full`, see above.
        retention: What is kept, looked at when it is opened to write and every 20,000 alerts; None: everything.

    Raises:
        StoreError: It cannot be opened, is of something else, or of a newer clan.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        create: bool = False,
        synchronous: Synchronous = "normal",
        retention: Retention | None = None,
    ) -> None:
        self.path = Path(path)
        self._connection = connect(self.path, create=create, synchronous=synchronous)
        self._writer = StoreWriter(self._connection)
        self._retention, self._prune_at = retention, 0
        self.suppression_table = SuppressionTable(self._connection)
        self.verdict_table = VerdictTable(self._connection)
        self._seen = -1  # version of the suppressions
        self._seen_verdicts = -1
        self.n_pruned = 0

    # writing

    def write(
        self,
        alerts: Sequence[Alert],
        *,
        features: FeatureRows | None = None,
        hidden: Mapping[str, str] | None = None,
        incidents: Sequence[Incident] = (),
    ) -> bool:
        """Commit alerts and incidents in one transaction; gives whether they are committed.

        On a full disk they wait, up to 20,000, and are written when there is room again: see `failure`, `n_waiting` and
        `n_lost`. An alert on a flow that is there already takes its place.

        Args:
            alerts: Alerts.
            features: What the model saw of each of them, for verdicts to learn from.
            hidden: Ids of alerts that a suppression hides, and the id of the suppression.
            incidents: Their incidents as they are now.
        """
        done = self._writer.write(alerts, features=features, hidden=hidden, incidents=incidents)
        if done and self._retention is not None and self._writer.n_stored >= self._prune_at:
            self._prune_at = self._writer.n_stored + _PRUNE_EVERY
            self.prune(self._retention)
        return done

    def prune(self, retention: Retention) -> int:
        """Delete what is too old or too much; gives how many alerts. A disk that is full is left for later."""
        try:
            pruned = prune(self._connection, retention)
        except sqlite3.Error as error:
            self._writer.failure = str(error)
            return 0
        self.n_pruned += pruned
        return pruned

    @property
    def n_stored(self) -> int:
        """Alerts that this process has committed."""
        return self._writer.n_stored

    @property
    def n_waiting(self) -> int:
        """Alerts and incidents that wait for room on the disk."""
        return self._writer.n_waiting

    @property
    def n_lost(self) -> int:
        """Alerts and incidents that were given up because too many waited."""
        return self._writer.n_lost

    @property
    def failure(self) -> str | None:
        """Why the last write failed, or None."""
        return self._writer.failure

    # reading

    def alerts(self, query: Query | None = None) -> Iterator[StoredAlert]:
        """Give alerts, the latest first; without a query all that nothing hides."""
        query = query or Query()
        where, values = query.of_alerts()
        rows = self._connection.execute(
            "SELECT body, incident_id, hidden_by FROM alert "  # noqa: S608 - parameters only, see `Query`
            f"WHERE {where} ORDER BY time_us DESC, id DESC LIMIT ?",
            [*values, -1 if query.limit is None else query.limit],
        )
        for body, incident_id, hidden_by in rows:
            yield StoredAlert(alert_of(body, incident_id), hidden_by)

    def count_alerts(self, query: Query | None = None) -> int:
        """Count alerts, whatever the limit of the query."""
        where, values = (query or Query()).of_alerts()
        (found,) = self._connection.execute(f"SELECT count(*) FROM alert WHERE {where}", values).fetchone()  # noqa: S608
        return int(found)

    def alert(self, prefix: str) -> StoredAlert:
        """Give the alert whose id begins like this, hidden or not.

        Raises:
            StoreError: None does, or several do.
        """
        body, incident_id, hidden_by = self._one("alert", "alert_id", prefix, "body, incident_id, hidden_by")
        return StoredAlert(alert_of(body, incident_id), hidden_by)

    def incidents(self, query: Query | None = None) -> Iterator[Incident]:
        """Give incidents as they were last told, the latest first; without a query all that have a visible alert."""
        query = query or Query()
        where, values = query.of_incidents()
        rows = self._connection.execute(
            f"SELECT body FROM incident WHERE {where} "  # noqa: S608 - parameters only, see `Query`
            "ORDER BY last_us DESC, incident_id LIMIT ?",
            [*values, -1 if query.limit is None else query.limit],
        )
        for (body,) in rows:
            yield incident_of(body)

    def count_incidents(self, query: Query | None = None) -> int:
        """Count incidents, whatever the limit of the query."""
        where, values = (query or Query()).of_incidents()
        (found,) = self._connection.execute(f"SELECT count(*) FROM incident WHERE {where}", values).fetchone()  # noqa: S608
        return int(found)

    def incident(self, prefix: str) -> Incident:
        """Give the incident whose id begins like this, as it was last told.

        Raises:
            StoreError: None does, or several do.
        """
        (body,) = self._one("incident", "incident_id", prefix, "body")
        return incident_of(body)

    def features(self, query: Query | None = None) -> pl.DataFrame:
        """Give what the models saw of alerts, the latest first.

        Returns:
            `alert_id`, `uid`, and a float column for each feature; null where the source could not tell, and where the
            model of an alert did not look at it. Alerts without features are left out.
        """
        where, values = (query or Query()).of_alerts()
        rows = self._connection.execute(
            "SELECT alert_id, uid, feature_set, features FROM alert "  # noqa: S608 - parameters only, see `Query`
            f"WHERE features IS NOT NULL AND {where} ORDER BY time_us DESC, id DESC",
            values,
        ).fetchall()
        return feature_frame(rows, feature_names(self._connection))

    # suppressions

    def suppressions(self) -> Suppressions:
        """Give the suppressions in force, ready to match."""
        return Suppressions(self.suppression_table.active())

    def suppressions_changed(self) -> bool:
        """Whether suppressions were added or removed since this was last asked, by whomever; costs microseconds."""
        before, self._seen = self._seen, self.suppression_table.version
        return before != self._seen

    def count_hits(self, suppressions: Suppressions) -> None:
        """Move the hit counters of suppressions into the store; on a full disk they stay where they are."""
        try:
            self.suppression_table.count_hits(suppressions.hits)
        except sqlite3.Error as error:
            self._writer.failure = str(error)
            return
        suppressions.hits.clear()

    # verdicts

    def judged(self) -> pl.DataFrame:
        """Give the flows that somebody judged, for calibration and naming to learn from.

        Returns:
            `alert_id`, `uid`, `verdict` (`benign` or `malicious`), `label` (name of the class, or null), and a float
            column for each feature; null where the source could not tell. One row for each verdict in force on an alert
            that was stored with its features.
        """
        entries = [*self.verdict_table.exemplars("benign"), *self.verdict_table.exemplars("malicious")]
        entries.sort(key=lambda entry: entry.verdict.verdict_id)
        return judged_frame(entries)

    def verdicts_changed(self) -> bool:
        """Whether verdicts were given or undone since this was last asked, by whomever; costs microseconds."""
        before, self._seen_verdicts = self._seen_verdicts, self.verdict_table.version
        return before != self._seen_verdicts

    def count_verdict_hits(self, hits: Counter[int]) -> None:
        """Move hit counters of verdicts into the store; on a full disk they stay where they are."""
        try:
            self.verdict_table.count_hits(hits)
        except sqlite3.Error as error:
            self._writer.failure = str(error)
            return
        hits.clear()

    # all of it

    @property
    def n_bytes(self) -> int:
        """Bytes that the store needs, the write-ahead log not counted."""
        return size_of(self._connection)

    def close(self) -> None:
        """Write what waits, and close the file; safe to call twice."""
        if self.n_waiting:
            self._writer.write([])
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except sqlite3.Error as damage:
            error = error or damage
        # what else SQLite raises is a slip of ours
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.ProgrammingError):
            raise StoreError(
                f"the store {self.path} cannot be read or written: {error}; where it is damaged, sqlite3's .recover "
                "saves what can be saved"
            ) from error

    def _one(self, table: str, key: str, prefix: str, columns: str) -> tuple[Any, ...]:
        """Find one row by the beginning of its id."""
        text = prefix.strip().lower()
        if not text or not all(char in "0123456789abcdef" for char in text) or len(text) > 12:
            raise StoreError(f"{prefix[:60]!r} is no id: expected up to 12 hexadecimal digits")
        rows = self._connection.execute(
            f"SELECT {key}, {columns} FROM {table} WHERE {key} >= ? AND {key} < ? ORDER BY {key} LIMIT 6",  # noqa: S608
            (text, text + "g"),
        ).fetchall()
        if len(rows) != 1:
            found = f"several: {', '.join(str(row[0]) for row in rows)}" if rows else "none"
            raise StoreError(f"expected one {table} whose id begins with {text}, found {found} in {self.path}")
        return tuple(rows[0][1:])
