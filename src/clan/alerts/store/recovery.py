"""Showing what something hid, unless something else hides it as well."""

from __future__ import annotations

import sqlite3

import numpy as np

from clan.alerts.exemplars import Exemplars
from clan.alerts.store.query import hides
from clan.alerts.store.rows import alert_of, feature_names, floats
from clan.alerts.store.suppression_rows import active_suppressions
from clan.alerts.store.verdict_rows import judged_flows

_SHOWN = "hidden_by IS NULL AND id IN (SELECT id FROM shown)"


def recover(connection: sqlite3.Connection, hidden_by: str) -> int:
    """Take a suppression or a verdict off its alerts, and put on what else hides them; gives how many are seen.

    What is taken off must not be in force any more, or has to be put on again by the caller.
    """
    execute = connection.execute
    execute("CREATE TEMP TABLE IF NOT EXISTS shown (id INTEGER PRIMARY KEY)")
    execute("DELETE FROM shown")
    execute("INSERT INTO shown SELECT id FROM alert WHERE hidden_by = ?", (hidden_by,))
    execute("UPDATE alert SET hidden_by = NULL WHERE hidden_by = ?", (hidden_by,))
    for entry in active_suppressions(connection):
        if entry.suppression_id != hidden_by:
            sql, values = hides(entry)
            execute(
                f"UPDATE alert SET hidden_by = ? WHERE {_SHOWN} AND {sql}",  # noqa: S608 - see `hides`
                [entry.suppression_id, *values],
            )
    exemplars = Exemplars(judged_flows(connection, "benign"))
    if exemplars:
        _hide_like(connection, exemplars)
    (seen,) = execute(f"SELECT count(*) FROM alert WHERE {_SHOWN}").fetchone()  # noqa: S608
    return int(seen)


def _hide_like(connection: sqlite3.Connection, exemplars: Exemplars) -> None:
    for number, names in feature_names(connection).items():
        rows = connection.execute(
            f"SELECT id, body, incident_id, features FROM alert WHERE {_SHOWN} AND feature_set = ?",  # noqa: S608
            (number,),
        ).fetchall()
        if rows:
            alerts = [alert_of(body, incident_id) for _, body, incident_id, _ in rows]
            found = exemplars.match(alerts, names, np.array([floats(row[3]) for row in rows]))
            connection.executemany(
                "UPDATE alert SET hidden_by = ? WHERE id = ?",
                [(verdict.hidden_by, rows[position][0]) for position, verdict in found.items()],
            )
