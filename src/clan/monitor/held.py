"""Alerts of a run that wait for its end, because which of them to believe depends on all flows."""

from __future__ import annotations

import polars as pl

from clan.calibrate import benjamini_hochberg

MOST = 200_000
"""Alerts that wait, at most; beyond twice as many those with the highest p-values go. They are the last that would be
believed."""


class HeldAlerts:
    """Holds what is beyond the threshold, and chooses at the end.

    Args:
        fdr: Share of the alerts that may be false, in (0, 1).
    """

    def __init__(self, fdr: float) -> None:
        self.fdr, self.n_seen = fdr, 0
        self._waiting: list[pl.DataFrame] = []
        self._n_waiting = 0

    def hold(self, scored: pl.DataFrame) -> None:
        """Take the next flows with `p_value` and `alert`."""
        self.n_seen += scored.height
        found = scored.filter("alert")
        if found.height:
            self._waiting.append(found)
            self._n_waiting += found.height
        if self._n_waiting > 2 * MOST:
            together = pl.concat(self._waiting).with_row_index("_row")
            kept = together.sort("p_value", "_row").head(MOST).sort("_row").drop("_row")
            self._waiting, self._n_waiting = [kept], kept.height

    def release(self) -> pl.DataFrame | None:
        """Give the flows whose alerts are to be believed, in their order; None where none was beyond the threshold."""
        if not self._waiting:
            return None
        together = pl.concat(self._waiting)
        self._waiting, self._n_waiting = [], 0
        return together.filter(pl.Series(benjamini_hochberg(together["p_value"].to_numpy(), self.fdr, n=self.n_seen)))
