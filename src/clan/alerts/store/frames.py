"""What models saw of stored alerts, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from clan.alerts.exemplars import Exemplar

_IDS = {"alert_id": pl.String, "uid": pl.String}
_SAID = {"verdict": pl.String, "label": pl.String}


def feature_frame(rows: Sequence[tuple[str, str, int, bytes]], names_of: Mapping[int, tuple[str, ...]]) -> pl.DataFrame:
    """Put features into a table.

    Args:
        rows: Alert id, uid, number of the feature set, and the values of each alert.
        names_of: Number of a feature set to its names.
    """
    parts = []
    for number, names in names_of.items():
        chosen = [row for row in rows if row[2] == number]
        values = np.frombuffer(b"".join(row[3] for row in chosen), dtype="<f8").reshape(len(chosen), len(names))
        ids = {"alert_id": [row[0] for row in chosen], "uid": [row[1] for row in chosen]}
        parts.append(_table(ids, names, values, _IDS))
    return pl.concat(parts, how="diagonal") if parts else pl.DataFrame(schema=_IDS)


def judged_frame(entries: Sequence[Exemplar]) -> pl.DataFrame:
    """Put judged flows into a table, in the order of their verdicts."""
    parts = []
    for names in dict.fromkeys(entry.names for entry in entries):
        chosen = [entry for entry in entries if entry.names == names]
        said: dict[str, list[str | None]] = {
            "alert_id": [entry.alert.alert_id for entry in chosen],
            "uid": [entry.alert.uid for entry in chosen],
            "verdict": [entry.verdict.opinion for entry in chosen],
            "label": [entry.verdict.label for entry in chosen],
        }
        parts.append(_table(said, names, np.array([entry.values for entry in chosen]), _IDS | _SAID))
    return pl.concat(parts, how="diagonal") if parts else pl.DataFrame(schema=_IDS | _SAID)


def _table(
    texts: Mapping[str, Sequence[str] | Sequence[str | None]],
    names: Sequence[str],
    values: np.ndarray,
    schema: Mapping[str, type[pl.String]],
) -> pl.DataFrame:
    numbers = [pl.Series(name, values[:, i]).fill_nan(None) for i, name in enumerate(names)]
    return pl.DataFrame({**texts}, schema=dict(schema)).with_columns(numbers)
