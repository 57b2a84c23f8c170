"""How long the flows were watched: the denominator of alerts a day."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

GAP_S = 3600
"""A silence longer than this counts as not observed."""

DAY_S = 86_400

_GAP_US: Final = GAP_S * 1_000_000
_Ints = NDArray[np.int64]


class ObservedTime:
    """The union of the time that flows cover, with gaps above an hour left out, of tables that come one by one.

    Memory is a pair of numbers for each silence above an hour, however many flows there are.

    Example:
        >>> from datetime import datetime
        >>> times = [datetime(2017, 7, 3, 8), datetime(2017, 7, 3, 9), datetime(2017, 7, 3, 20)]
        >>> watched = ObservedTime()
        >>> for time in times:
        ...     watched.add(pl.DataFrame({"ts_start": [time], "ts_end": [time]}))
        >>> watched.days == 1 / 24
        True
    """

    def __init__(self) -> None:
        self._starts: _Ints = np.empty(0, dtype=np.int64)
        self._ends: _Ints = np.empty(0, dtype=np.int64)

    def add(self, flows: pl.DataFrame) -> None:
        """Count the time of some flows, in any order; a table without `ts_start` and `ts_end` has none.

        Args:
            flows: A flow table. Rows without times are passed over.
        """
        if not {"ts_start", "ts_end"} <= set(flows.columns):
            return
        spans = flows.select(pl.col("ts_start", "ts_end").dt.timestamp("us")).drop_nulls().to_numpy()
        starts, ends = np.concatenate([self._starts, spans[:, 0]]), np.concatenate([self._ends, spans[:, 1]])
        if not len(starts):
            return
        order = np.argsort(starts, kind="stable")
        starts, reached = starts[order], np.maximum.accumulate(ends[order])
        after_silence = np.flatnonzero(starts[1:] - reached[:-1] > _GAP_US)
        self._starts = starts[np.append(0, after_silence + 1)]
        self._ends = reached[np.append(after_silence, len(reached) - 1)]

    @property
    def days(self) -> float | None:
        """Days that were covered, > 0; None when there were none (no times, or a single instant)."""
        total_us = int(np.maximum(self._ends - self._starts, 0).sum())
        return total_us / (DAY_S * 1e6) if total_us > 0 else None


def observed_days(flows: pl.DataFrame) -> float | None:
    """Measure the time that one table covers, as `ObservedTime` does.

    Args:
        flows: A flow table with `ts_start` and `ts_end`, in any order; rows without times are passed over.

    Returns:
        Days, > 0; None when no time was covered (no time columns, all null, or a single instant).
    """
    watched = ObservedTime()
    watched.add(flows)
    return watched.days
