"""How many alerts a budget of incidents allows: the calibration flows, grouped by the rule that groups alerts."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.alerts import count_groups

STEP = 1.25
"""Each number of alerts that is tried is so many times the one before."""


def alpha_of_incidents(scores: NDArray[np.float64], flows: pl.DataFrame, per_day: float, days: float) -> float:
    """Find the level at which the alerts of the calibration flows make at most so many incidents a day.

    More alerts can make fewer incidents, where one joins two others; so the levels are tried from the strictest on, and
    the last before the budget is first exceeded is taken.

    Args:
        scores: Of the calibration flows. Shape `(n,)`, finite.
        flows: Those flows, with the identity columns.
        per_day: Incidents a day, > 0.
        days: Days in which they were seen, so many that one incident is within the budget (`Budget.alpha`).

    Returns:
        The largest p-value that alerts, at most a half.

    Raises:
        DataError: The flows lack what groups them.
    """
    most, n = per_day * days, len(scores)
    ranked = np.argsort(-scores, kind="stable")
    allowed, k = 1, 1.0
    while int(k) <= n // 2:
        alerts = np.sort(ranked[: int(k)])
        if count_groups(flows[alerts].sort("source", "ts_end", maintain_order=True)) > most:
            break
        allowed = int(k)
        k = max(k * STEP, k + 1)
    return allowed / (n + 1)
