"""Metrics in which every capture weighs the same, however many flows it has."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clan.errors import DataError

Floats = NDArray[np.float64]


def capture_weights(captures: ArrayLike) -> Floats:
    """Weigh flows so that each capture weighs 1 in all.

    Args:
        captures: Capture of each flow. Shape `(n,)`.

    Example:
        >>> capture_weights(["a", "b", "b"]).tolist()
        [1.0, 0.5, 0.5]
    """
    _, place, counts = np.unique(np.asarray(captures), return_inverse=True, return_counts=True)
    return np.asarray(1.0 / counts[place], dtype=np.float64)


def weighted_auroc(benign: ArrayLike, benign_weights: ArrayLike, attack: ArrayLike, attack_weights: ArrayLike) -> float:
    """Chance that an attack flow scores above a benign one, both drawn by weight; ties count half.

    Args:
        benign: Scores. Shape `(n,)`, n >= 1.
        benign_weights: Above 0. Shape `(n,)`.
        attack: Scores. Shape `(m,)`, m >= 1.
        attack_weights: Above 0. Shape `(m,)`.

    Raises:
        DataError: Either is empty, or holds NaN.

    Example:
        >>> weighted_auroc([0, 1, 2], [1, 1, 1], [2, 3], [1, 1])
        0.9166666666666666
    """
    low, high = _scores(benign), _scores(attack)
    order = np.argsort(low, kind="stable")
    weights, below = np.asarray(attack_weights, np.float64), np.asarray(benign_weights, np.float64)[order]
    total = np.concatenate([[0.0], np.cumsum(below)])
    left = total[np.searchsorted(low[order], high, side="left")]
    right = total[np.searchsorted(low[order], high, side="right")]
    return float((weights * (left + right) / 2).sum() / (weights.sum() * total[-1]))


def weighted_threshold(benign: ArrayLike, weights: ArrayLike, rate: float) -> float:
    """Lowest benign score that at most a share `rate` of the weight exceeds; what is above it is flagged.

    Example:
        >>> weighted_threshold([1, 2, 3], [1, 1, 2], 0.5)
        2.0
    """
    low = _scores(benign)
    order = np.argsort(low, kind="stable")
    values, weight = low[order], np.asarray(weights, np.float64)[order]
    above = weight.sum() - np.cumsum(weight)
    last = np.append(values[1:] != values[:-1], True)  # of equal scores, the last has what exceeds them all
    enough = last & (above <= rate * weight.sum() + 1e-9)
    return float(values[np.argmax(enough)])


def weighted_recall(
    benign: ArrayLike, benign_weights: ArrayLike, attack: ArrayLike, attack_weights: ArrayLike, rate: float = 0.01
) -> float:
    """Share of the attacks' weight above the score that at most a share `rate` of the benign weight exceeds."""
    weights = np.asarray(attack_weights, np.float64)
    flagged = _scores(attack) > weighted_threshold(benign, benign_weights, rate)
    return float(weights[flagged].sum() / weights.sum())


def highest(scores: ArrayLike, captures: ArrayLike, *, least: int = 1) -> dict[str, float]:
    """Give each capture of `least` flows or more its highest score.

    Example:
        >>> highest([1, 5, 2], ["a", "a", "b"], least=2)
        {'a': 5.0}
    """
    names, place, counts = np.unique(np.asarray(captures), return_inverse=True, return_counts=True)
    top = np.full(len(names), -np.inf)
    np.maximum.at(top, place, _scores(scores))
    return {str(n): float(t) for n, t, c in zip(names, top, counts, strict=True) if c >= least}


def _scores(values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if not array.size:
        raise DataError("there are no scores to compare")
    if np.isnan(array).any():
        raise DataError(f"{int(np.isnan(array).sum()):,} of {array.size:,} scores are NaN")
    return array
