"""Metrics of anomaly scores; higher scores mean more anomalous, everywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from clan.errors import ConfigError, DataError

MIN_FALSE_POSITIVES = 20
"""A recall at a false-positive rate is reported only where this many false positives are expected: with fewer, the
threshold hangs on a few odd benign flows."""


def auroc(benign: ArrayLike, attack: ArrayLike) -> float:
    """Probability that an attack scores above a benign flow, ties counted half.

    Never turned round: a score that points the wrong way gets less than 0.5.

    Args:
        benign: Scores of benign flows. Shape `(n,)`, n >= 1.
        attack: Scores of attack flows. Shape `(m,)`, m >= 1.

    Raises:
        DataError: Either is empty, or holds NaN.

    Example:
        >>> auroc([0, 1, 2], [2, 3])
        0.9166666666666666
    """
    low, high = _scores(benign, "benign"), _scores(attack, "attack")
    ranks = rankdata(np.concatenate([low, high]))[len(low) :]
    return float((ranks.sum() - len(high) * (len(high) + 1) / 2) / (len(low) * len(high)))


def auprc(benign: ArrayLike, attack: ArrayLike) -> float:
    """Average precision: the mean of the precision over the attacks, each at its own score as threshold.

    It depends on how many of the flows are attacks; compare it only on the same rows.

    Args:
        benign: Scores of benign flows. Shape `(n,)`, n >= 1.
        attack: Scores of attack flows. Shape `(m,)`, m >= 1.

    Raises:
        DataError: Either is empty, or holds NaN.

    Example:
        >>> auprc([0, 1], [2, 3]), auprc([1], [1])
        (1.0, 0.5)
    """
    low, high = np.sort(_scores(benign, "benign")), np.sort(_scores(attack, "attack"))
    false = len(low) - np.searchsorted(low, high, side="left")
    true = len(high) - np.searchsorted(high, high, side="left")
    return float((true / (true + false)).mean())


def threshold_at_fpr(benign: ArrayLike, fpr: float) -> float:
    """Lowest benign score that at most a share `fpr` of the benign flows exceeds; what is above it is flagged.

    Args:
        benign: Scores of benign flows. Shape `(n,)`, n >= 1.
        fpr: In [0, 1).

    Example:
        >>> threshold_at_fpr(range(100), 0.01)
        98.0
    """
    low = np.sort(_scores(benign, "benign"))
    allowed = int(np.floor(fpr * len(low) + 1e-9))
    return float(low[len(low) - 1 - allowed])


def tpr_at_fpr(benign: ArrayLike, attack: ArrayLike, fpr: float = 0.01) -> float:
    """Share of attacks above the threshold that at most a share `fpr` of the benign flows exceeds.

    Args:
        benign: Scores of benign test flows. Shape `(n,)`, n >= 1.
        attack: Scores of attack flows. Shape `(m,)`, m >= 1.
        fpr: In [0, 1).

    Raises:
        DataError: Either is empty, or holds NaN.

    Example:
        >>> tpr_at_fpr(range(100), [97, 99, 100, 200], fpr=0.01)
        0.75
    """
    return float((_scores(attack, "attack") > threshold_at_fpr(benign, fpr)).mean())


def can_tell(n_benign: int, fpr: float) -> bool:
    """Whether `MIN_FALSE_POSITIVES` are expected among so many benign flows at this rate.

    Example:
        >>> can_tell(2_500, 0.01), can_tell(2_500, 0.001)
        (True, False)
    """
    return fpr * n_benign >= MIN_FALSE_POSITIVES


def precision_at_prevalence(recall: float, fpr: float, prevalence: float) -> float | None:
    """Share of alerts that are attacks, where a share `prevalence` of all flows are; None where nothing is flagged.

    Args:
        recall: Share of attacks flagged, in [0, 1].
        fpr: Share of benign flows flagged, in [0, 1].
        prevalence: In (0, 1).

    Raises:
        ConfigError: The prevalence is out of range.

    Source:
        Axelsson 2000, the base-rate fallacy.

    Example:
        >>> round(precision_at_prevalence(1.0, 0.01, 0.001), 4)
        0.091
    """
    if not 0 < prevalence < 1:
        raise ConfigError(f"prevalence must be between 0 and 1, got {prevalence}")
    true, false = prevalence * recall, (1 - prevalence) * fpr
    return true / (true + false) if true + false > 0 else None


def alerts_a_day(fpr: float, benign_flows_a_day: float) -> float:
    """False alarms a day: the share of benign flows flagged, times how many there are a day.

    Example:
        >>> alerts_a_day(0.001, 50_000)
        50.0
    """
    return fpr * benign_flows_a_day


def auroc_by_class(scores: ArrayLike, labels: ArrayLike, benign: str) -> dict[str, float]:
    """AUROC of each attack class against all benign flows.

    Args:
        scores: Shape `(n,)`.
        labels: Class names. Shape `(n,)`.
        benign: The name of the benign class.
    """
    values, names = np.asarray(scores, dtype=np.float64), np.asarray(labels)
    normal = values[names == benign]
    return {str(name): auroc(normal, values[names == name]) for name in np.unique(names) if name != benign}


def macro(by_class: dict[str, float]) -> float:
    """Plain mean over classes, so that large classes do not hide small ones."""
    return float(np.mean(list(by_class.values())))


def _scores(values: ArrayLike, what: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if not array.size:
        raise DataError(f"there are no {what} scores to compare")
    if np.isnan(array).any():
        raise DataError(f"{int(np.isnan(array).sum()):,} of {array.size:,} {what} scores are NaN")
    return array
