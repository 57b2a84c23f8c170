"""How far the number of alerts may stray from its expectation."""

from __future__ import annotations

from scipy.stats import betabinom


def alert_interval(rank: int, n: int, n_new: int, level: float = 0.95, *, inflation: float = 1.0) -> tuple[int, int]:
    """Prediction interval of the alerts among new benign flows.

    With the threshold at the `rank`-th highest of n calibration scores, the true false-positive rate is distributed as
    Beta(rank, n + 1 - rank), so the count among n_new flows is beta-binomial. It holds both the luck of the
    calibration and that of the new flows.

    Args:
        rank: Rank of the threshold from the top, 0 when nothing alerts.
        n: Calibration flows.
        n_new: New flows, >= 0.
        level: Probability that the count lies inside, in (0, 1).
        inflation: How many times as uncertain as n independent scores the calibration is, >= 1.

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
    tail = (1 - level) / 2
    counts = betabinom(n_new, rank / inflation, (n + 1 - rank) / inflation)
    return int(counts.ppf(tail)), int(counts.ppf(1 - tail))
