"""Metrics of anomaly scores; higher scores mean more anomalous, everywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from clan.errors import DataError


def auroc(benign: ArrayLike, attack: ArrayLike) -> float:
    """Probability that an attack scores above a benign flow, ties counted half.

    Never turned round: a score that points the wrong way gets less than 0.5.

    Args:
        benign: Scores of benign flows. Shape `(n,)`, n >= 1.
        attack: Scores of attack flows. Shape `(m,)`, m >= 1.

    Raises:
        DataError: Either is empty.

    Example:
        >>> auroc([0, 1, 2], [2, 3])
        0.9166666666666666
    """
    low, high = _scores(benign, "benign"), _scores(attack, "attack")
    ranks = rankdata(np.concatenate([low, high]))[len(low) :]
    return float((ranks.sum() - len(high) * (len(high) + 1) / 2) / (len(low) * len(high)))


def tpr_at_fpr(benign: ArrayLike, attack: ArrayLike, fpr: float = 0.01) -> float:
    """Share of attacks above the threshold that at most a share `fpr` of the benign flows exceeds.

    Args:
        benign: Scores of benign test flows. Shape `(n,)`, n >= 1.
        attack: Scores of attack flows. Shape `(m,)`, m >= 1.
        fpr: In [0, 1).

    Raises:
        DataError: Either is empty.

    Example:
        >>> tpr_at_fpr(range(100), [97, 99, 100, 200], fpr=0.01)
        0.75
    """
    low, high = np.sort(_scores(benign, "benign")), _scores(attack, "attack")
    allowed = int(np.floor(fpr * len(low) + 1e-9))
    return float((high > low[len(low) - 1 - allowed]).mean())


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
    return array
