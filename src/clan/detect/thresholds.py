"""From the scores of a table's rows to its calibration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clan.alerts import count_groups
from clan.calibrate import Budget, Calibration, Groups, calibrate, check_keys, observed_days
from clan.detect import columns
from clan.detect.columns import Streams
from clan.errors import DataError, SchemaError

Floats = NDArray[np.float64]


def check_table(table: object, budget: Budget, by: Sequence[str]) -> None:
    """Raise where a table lacks what a budget or groups need, before hours of training rather than after.

    Raises:
        SchemaError: Groups were asked of an array, or of a table without their columns.
        DataError: Incidents were, likewise.
        ConfigError: They do not go together.
    """
    check_keys(by, budget)
    frame = columns.collect(table.head(0)) if columns.is_frame(table) else None  # not all of a lazy table
    if by:
        if frame is None:
            raise SchemaError("thresholds by group need a flow table (polars): an array has no hosts, ports or times")
        Groups(by=tuple(by), cells=((),)).assign(frame)
    if budget.incidents_per_day is not None:
        if frame is None:
            raise DataError("incidents_per_day needs a flow table with addresses and times, to group its alerts")
        count_groups(frame)


def calibrate_rows(
    scores: Floats,
    budget: Budget,
    table: object,
    *,
    streams: Streams | None = None,
    days: float | None = None,
    by: Sequence[str] = (),
    inflation: float = 1.0,
) -> Calibration:
    """Calibrate on the rows of a table that have a score.

    Args:
        scores: Of each row; NaN where it has none. Shape `(n,)`.
        budget: What was asked for.
        table: The table; hosts, ports and times are known where it is a polars one.
        streams: Where and when the rows were seen; None: as the table tells.
        days: Days in which they were seen; None: as the table tells.
        by: What to group them by.
        inflation: See `Calibration`.

    Raises:
        DataError: The rows cannot support the budget.
        SchemaError, ConfigError: As `check_table`.
    """
    check_table(table, budget, by)
    frame = columns.collect(table) if columns.is_frame(table) else None
    streams = streams or (columns.Streams() if frame is None else columns.streams(frame))
    days = observed_days(frame) if days is None and frame is not None else days
    known = np.flatnonzero(~np.isnan(scores))
    order = None
    if streams.time is not None:
        source = np.zeros(len(scores), dtype=np.int64) if streams.source is None else streams.source
        order = np.lexsort((streams.time[known], source[known]))
    return calibrate(
        scores[known],
        budget,
        days=days,
        inflation=inflation,
        order=order,
        flows=None if frame is None else frame[known],
        by=by,
    )
