"""Statistics over seeds: means with intervals, paired tests, and correction for many comparisons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from clan.errors import DataError

Interval = tuple[float, float]

RESAMPLES = 10_000
"""Of the bootstrap."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What repeated runs say.

    Attributes:
        n: Number of runs.
        mean: Their mean.
        sd: Sample standard deviation (n - 1); None for one run.
        t_interval: Confidence interval of the mean by Student's t; None for one run.
        bootstrap_interval: The same by the percentile bootstrap; None for one run.
    """

    n: int
    mean: float
    sd: float | None
    t_interval: Interval | None
    bootstrap_interval: Interval | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Paired:
    """One detector against another on the same seeds.

    Attributes:
        n: Pairs.
        difference: Mean of first minus second.
        t_interval: Confidence interval of the difference by Student's t; None for one pair.
        t_p: Two-sided p-value of the paired t-test; None for one pair, or where all differences are the same.
        wilcoxon_p: Two-sided p-value of the signed-rank test; None for one pair, or where all differences are 0.
    """

    n: int
    difference: float
    t_interval: Interval | None
    t_p: float | None
    wilcoxon_p: float | None


def summarise(values: ArrayLike, *, level: float = 0.95, seed: int = 0) -> Summary:
    """Summarise repeated runs.

    Args:
        values: One figure a run. Shape `(n,)`, n >= 1, finite.
        level: Confidence, in (0, 1).
        seed: Of the bootstrap.

    Raises:
        DataError: There are no runs, or a figure is not finite.

    Example:
        >>> found = summarise([0.96, 0.97, 0.98])
        >>> round(found.mean, 3), round(found.sd, 3), [round(end, 3) for end in found.t_interval]
        (0.97, 0.01, [0.945, 0.995])
    """
    x = _runs(values)
    if len(x) == 1:
        return Summary(n=1, mean=float(x[0]), sd=None, t_interval=None, bootstrap_interval=None)
    draws = np.random.default_rng(seed).integers(0, len(x), size=(RESAMPLES, len(x)))
    low, high = np.quantile(x[draws].mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return Summary(
        n=len(x),
        mean=float(x.mean()),
        sd=float(x.std(ddof=1)),
        t_interval=_t_interval(x, level),
        bootstrap_interval=(float(low), float(high)),
    )


def paired(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Paired:
    """Compare two detectors run by run; the same place in both must be the same seed on the same rows.

    The halves that seeds draw from one data set overlap, so the tests take the runs for more independent than they are.

    Args:
        first: Shape `(n,)`, n >= 1, finite.
        second: Shape `(n,)`.
        level: Confidence, in (0, 1).

    Raises:
        DataError: Nothing to compare, different lengths, or a figure that is not finite.
    """
    a, b = _runs(first), _runs(second)
    if len(a) != len(b):
        raise DataError(f"paired runs need a partner each: {len(a)} against {len(b)}")
    x = a - b
    spread = bool(np.ptp(x) > 1e-12)
    return Paired(
        n=len(x),
        difference=float(x.mean()),
        t_interval=_t_interval(x, level) if len(x) > 1 else None,
        t_p=float(stats.ttest_rel(a, b).pvalue) if spread else None,
        wilcoxon_p=float(stats.wilcoxon(x, method="auto").pvalue) if len(x) > 1 and np.abs(x).max() > 1e-12 else None,
    )


def holm(p_values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Correct p-values for how many there are (Holm 1979); None stays None and is not counted.

    Example:
        >>> holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": None})
        {'a': 0.03, 'b': 0.06, 'c': 0.06, 'd': None}
    """
    known = sorted((p, name) for name, p in p_values.items() if p is not None)
    corrected: dict[str, float | None] = dict.fromkeys(p_values)
    highest = 0.0
    for rank, (p, name) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * p))
        corrected[name] = highest
    return corrected


def _t_interval(x: NDArray[np.float64], level: float) -> Interval:
    half = float(stats.t.ppf((1 + level) / 2, len(x) - 1)) * float(x.std(ddof=1)) / math.sqrt(len(x))
    return float(x.mean()) - half, float(x.mean()) + half


def _runs(values: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(values, dtype=np.float64)
    if not len(x) or not np.isfinite(x).all():
        raise DataError(f"expected one finite figure for each run, got {x.tolist()}")
    return x
