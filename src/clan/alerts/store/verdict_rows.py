"""Verdicts as rows."""

from __future__ import annotations

import json
import sqlite3

from clan.alerts.exemplars import Exemplar
from clan.alerts.store.rows import alert_of, floats, moment
from clan.alerts.verdict import Opinion, Verdict

_NAMES = ("id", "alert_id", "verdict", "label", "scope", "reason", "forced", "made_us", "undone_us", "hits")
COLUMNS = ", ".join(f"verdict.{name}" for name in _NAMES)
"""What `verdict_of` reads, in order."""


def judged_flows(connection: sqlite3.Connection, opinion: Opinion) -> list[Exemplar]:
    """Give the flows that somebody judged so and of which features are stored, oldest first."""
    rows = connection.execute(
        f"SELECT {COLUMNS}, body, incident_id, names, features FROM verdict "  # noqa: S608 - names of our own columns
        "JOIN alert ON alert.alert_id = verdict.alert_id AND alert.uid = verdict.uid "
        "JOIN feature_set ON feature_set.id = alert.feature_set "
        "WHERE undone_us IS NULL AND verdict = ? ORDER BY verdict.id",
        (opinion,),
    )
    return [
        Exemplar(
            verdict=verdict_of(row[:-4]),
            alert=alert_of(row[-4], row[-3]),
            names=tuple(json.loads(row[-2])),
            values=floats(row[-1]),
        )
        for row in rows
    ]


def verdict_of(row: tuple[object, ...]) -> Verdict:
    """Read a row of `COLUMNS`."""
    number, alert_id, opinion, label, scope, reason, forced, made_us, undone_us, hits = row
    return Verdict(
        verdict_id=int(str(number)),
        alert_id=str(alert_id),
        opinion="benign" if opinion == "benign" else "malicious",
        label=None if label is None else str(label),
        scope="everywhere" if scope == "everywhere" else "hosts",
        reason=str(reason),
        forced=None if forced is None else str(forced),
        made=moment(made_us),  # type: ignore[arg-type]  # the table's types
        undone=moment(undone_us),  # type: ignore[arg-type]
        hits=int(str(hits)),
    )
