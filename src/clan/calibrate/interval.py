"""How far the number of alerts may stray from its expectation."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from scipy.stats import beta, betabinom

_COUNTS: Final = 1 << 14
"""Counts whose probabilities are summed at once."""


def alert_interval(
    rank: int, n: int, n_new: int, level: float = 0.95, *, inflation: float = 1.0, tied: int = 0
) -> tuple[int, int]:
    """Prediction interval of the alerts among new benign flows.

    With the threshold at the `rank`-th highest of n calibration scores, the true false-positive rate is distributed as
    Beta(rank, n + 1 - rank), so the count among n_new flows is beta-binomial. It holds both the luck of the
    calibration and that of the new flows.

    Where several scores share the threshold, the law of the rate lies between those of the two neighbouring ranks
    (break the ties at random, and what alerts contains the one and is contained in the other), so the lower end is
    taken from one rank less.

    Args:
        rank: Rank of the threshold from the top, 0 when nothing alerts; with ties one more than the scores above it.
        n: Calibration flows.
        n_new: New flows, >= 0.
        level: Probability that the count lies inside, in (0, 1).
        inflation: How many times as uncertain as n independent scores the calibration is, >= 1.
        tied: Groups in which several calibration scores are equal to the highest that does not alert; at most 1
            without groups.

    Returns:
        Smallest and largest count, both inclusive.

    Source:
        Vovk 2012, "Conditional validity of inductive conformal predictors", proposition 2. The inflation is ours.

    Example:
        >>> alert_interval(rank=25, n=2500, n_new=2500)
        (13, 40)
    """
    if rank == 0 or n_new == 0:
        return 0, 0
    tail, lowest = (1 - level) / 2, rank - tied
    high = _quantile(1 - tail, n_new, rank / inflation, (n + 1 - rank) / inflation)
    low = _quantile(tail, n_new, lowest / inflation, (n + 1 - lowest) / inflation) if lowest else 0
    return low, high


@lru_cache(maxsize=256)
def _quantile(level: float, n: int, a: float, b: float) -> int:
    """Give the smallest count that a beta-binomial count reaches or stays below with that probability.

    As `scipy.stats.betabinom.ppf`, which sums from 0 anew for each step of its search: seconds where n is the flows
    of a day of a busy site.
    """
    below, first = 0.0, 0
    while first <= n:
        counts = np.arange(first, min(first + _COUNTS, n + 1))
        reached = below + np.cumsum(betabinom.pmf(counts, n, a, b))
        if reached[-1] >= level:
            return first + int(np.searchsorted(reached, level))
        below, first = float(reached[-1]), first + len(counts)
    return n


def rate_interval(rank: int, n: int, level: float, *, inflation: float = 1.0, tied: int = 0) -> tuple[float, float]:
    """Interval of the true false-positive rate itself, as `alert_interval` for endless new flows.

    Example:
        >>> low, high = rate_interval(rank=25, n=2500, level=0.95)
        >>> round(low, 4), round(high, 4)
        (0.0065, 0.0143)
    """
    if rank == 0:
        return 0.0, 0.0
    tail, lowest = (1 - level) / 2, rank - tied
    high = beta(rank / inflation, (n + 1 - rank) / inflation).ppf(1 - tail)
    low = beta(lowest / inflation, (n + 1 - lowest) / inflation).ppf(tail) if lowest else 0.0
    return float(low), float(high)
