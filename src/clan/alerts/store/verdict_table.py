"""Verdicts in the store: given, weighed, undone; a benign one hides the stored alerts that are like it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from clan.alerts.alert import Alert
from clan.alerts.exemplars import Exemplar, Exemplars, in_scope
from clan.alerts.likeness import ALIKE, NEARBY, Floats, unlikeness
from clan.alerts.store.connection import transaction
from clan.alerts.store.recovery import recover
from clan.alerts.store.rows import alert_of, floats, moment, now_us
from clan.alerts.store.verdict_rows import COLUMNS, judged_flows, verdict_of
from clan.alerts.verdict import Opinion, Scope, Verdict, hidden_by
from clan.alerts.verdict_guard import Effect, effect_of
from clan.errors import StoreError


class _Judged(NamedTuple):
    """A stored alert with what its model saw of it."""

    row: int
    alert: Alert
    hidden_by: str | None
    feature_set: int | None
    values: Floats


class VerdictTable:
    """The verdicts of a store."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def version(self) -> int:
        """Rises with each change."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = 'verdicts_version'").fetchone()
        return int(row[0])

    def listed(self, *, undone: bool = False) -> list[Verdict]:
        """Give the verdicts in force, and on demand those that were undone, oldest first."""
        which = "1" if undone else "undone_us IS NULL"
        rows = self._connection.execute(f"SELECT {COLUMNS} FROM verdict WHERE {which} ORDER BY id")  # noqa: S608
        return [verdict_of(row) for row in rows]

    def exemplars(self, opinion: Opinion) -> list[Exemplar]:
        """Give the judged flows of which features are stored, oldest first."""
        return judged_flows(self._connection, opinion)

    def benign(self) -> Exemplars:
        """Give the flows that were judged benign, ready to compare alerts with."""
        return Exemplars(self.exemplars("benign"))

    def effect(self, alert_id: str, *, scope: Scope = "hosts") -> Effect:
        """Say what a benign verdict on an alert would hide, and what speaks against it; changes nothing."""
        with transaction(self._connection, keep=False):
            judged = self._judged_anew(alert_id)
            return self._weigh(judged, self._like(judged, scope), scope)

    def judge(
        self,
        alert_id: str,
        opinion: Opinion,
        label: str | None = None,
        *,
        scope: Scope = "hosts",
        reason: str = "",
        force: bool = False,
    ) -> tuple[Verdict, Effect | None]:
        """Give a verdict on an alert; an earlier one on the same alert is undone.

        Args:
            alert_id: All of its 12 digits.
            opinion: What it is.
            label: Name of the class of a malicious flow.
            scope: See `Verdict`.
            reason: Why.
            force: Against the objections of the guard; they are kept with the verdict, and a reason is asked for.

        Returns:
            The verdict, and what it hides, where it is benign.

        Raises:
            StoreError: The guard objects, or has to be overruled without a reason; nothing was changed.
        """
        with transaction(self._connection):
            judged = self._judged_anew(alert_id)
            like = self._like(judged, scope) if opinion == "benign" else []
            effect = self._weigh(judged, like, scope) if opinion == "benign" else None
            objections = effect.objections if effect is not None else self._contradicted(judged)
            if objections and not force:
                raise StoreError(
                    f"refused: a verdict {opinion} on {alert_id} {'; '.join(objections)}. If that is meant, give "
                    "--force and --reason"
                )
            if objections and not reason.strip():
                raise StoreError("--force overrules the guard: say why with --reason")
            made = self._connection.execute(
                "INSERT INTO verdict (alert_id, uid, verdict, label, scope, reason, forced, made_us) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (alert_id, judged.alert.uid, opinion, label, scope, reason, "; ".join(objections) or None, now_us()),
            ).lastrowid
            self._connection.executemany(
                "UPDATE alert SET hidden_by = ? WHERE id = ? AND hidden_by IS NULL",
                [(hidden_by(int(made or 0)), each.row) for each in like],
            )
            self._changed()
        return next(verdict for verdict in self.listed() if verdict.verdict_id == made), effect

    def undo(self, verdict_id: int) -> tuple[Verdict, int]:
        """Take a verdict back; gives it, and how many alerts are seen again.

        Raises:
            StoreError: There is none with this number, or it is undone already.
        """
        found = next((verdict for verdict in self.listed() if verdict.verdict_id == verdict_id), None)
        if found is None:
            known = ", ".join(str(verdict.verdict_id) for verdict in self.listed()[-20:]) or "none"
            raise StoreError(f"there is no verdict {verdict_id} in force (known: {known})")
        with transaction(self._connection):
            shown = self._undo(found)
            self._changed()
        return found, shown

    def count_hits(self, hits: Mapping[int, int]) -> None:
        """Add to the counters of verdicts."""
        if hits:
            with transaction(self._connection):
                self._connection.executemany(
                    "UPDATE verdict SET hits = hits + ? WHERE id = ?",
                    [(count, number) for number, count in hits.items()],
                )

    def _undo(self, verdict: Verdict) -> int:
        self._connection.execute("UPDATE verdict SET undone_us = ? WHERE id = ?", (now_us(), verdict.verdict_id))
        return recover(self._connection, verdict.hidden_by)

    def _judged_anew(self, alert_id: str) -> _Judged:
        """Give an alert as if nobody had judged it: what an earlier verdict hid is weighed, and hidden, with the rest.

        The caller has a transaction open, and takes this back with it where the alert is not judged after all.
        """
        for earlier in self.listed():
            if earlier.alert_id == alert_id:
                self._undo(earlier)
        return self._judged(alert_id)

    def _judged(self, alert_id: str) -> _Judged:
        found = list(self._rows("alert_id = ?", [alert_id]))
        if len(found) != 1:
            raise StoreError(f"expected one alert {alert_id[:60]}, found {len(found)}")
        return found[0]

    def _like(self, judged: _Judged, scope: Scope) -> list[_Judged]:
        """Find the visible alerts that a benign verdict would hide."""
        if judged.feature_set is None:
            return [judged]
        near = self._near(judged, ALIKE, "hidden_by IS NULL")
        probe = Verdict(
            verdict_id=0, alert_id=judged.alert.alert_id, opinion="benign", label=None, scope=scope,
            reason="", forced=None, made=moment(0),  # type: ignore[arg-type]  # the epoch is a time
        )  # fmt: skip
        return [each for each in near if in_scope(probe, judged.alert, each.alert)]

    def _near(self, judged: _Judged, distance: float, further: str, values: Iterable[object] = ()) -> list[_Judged]:
        """Find stored alerts on the same service that are at most so far away."""
        alert = judged.alert
        rows = list(
            self._rows(
                f"feature_set = ? AND protocol IS ? AND dst_port IS ? AND {further}",
                [judged.feature_set, alert.protocol, alert.dst_port, *values],
            )
        )
        if not rows:
            return []
        far = unlikeness(np.array([row.values for row in rows]), judged.values[None])[:, 0]
        return [row for row, each in zip(rows, far, strict=True) if each <= distance]

    def _weigh(self, judged: _Judged, like: list[_Judged], scope: Scope) -> Effect:
        names = {each.alert.incident_id for each in like} | {judged.alert.incident_id}
        patterns = {}
        for name in names - {None}:
            row = self._connection.execute("SELECT pattern FROM incident WHERE incident_id = ?", (name,)).fetchone()
            if row is not None:
                patterns[str(name)] = row[0]
        (visible,) = self._connection.execute("SELECT count(*) FROM alert WHERE hidden_by IS NULL").fetchone()
        return effect_of(
            judged.alert, [each.alert for each in like], n_visible=int(visible),
            malicious_nearby=self._judged_nearby(judged, "malicious"), patterns=patterns,
        )  # fmt: skip

    def _contradicted(self, judged: _Judged) -> tuple[str, ...]:
        near = self._judged_nearby(judged, "benign")
        return (f"contradicts the verdict benign on {', '.join(near[:5])}",) if near else ()

    def _judged_nearby(self, judged: _Judged, opinion: Opinion) -> list[str]:
        """Find other alerts nearby that somebody judged so."""
        if judged.feature_set is None:
            return []
        sql = (
            "EXISTS (SELECT 1 FROM verdict WHERE verdict.alert_id = alert.alert_id "
            "AND undone_us IS NULL AND verdict = ?)"
        )
        near = self._near(judged, NEARBY, sql, [opinion])
        return [each.alert.alert_id for each in near if each.row != judged.row]

    def _rows(self, where: str, values: list[object]) -> Iterable[_Judged]:
        rows = self._connection.execute(
            f"SELECT id, body, incident_id, hidden_by, feature_set, features FROM alert WHERE {where}",  # noqa: S608
            values,
        )
        for row, body, incident_id, hidden, feature_set, features in rows:
            alert = alert_of(body, incident_id)
            yield _Judged(row, alert, hidden, feature_set, floats(features or b""))

    def _changed(self) -> None:
        self._connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'verdicts_version'")
