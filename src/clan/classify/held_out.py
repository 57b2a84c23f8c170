"""What a head says about labelled rows that it was fitted without."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clan.classify.heads import Examples, Head

Floats = NDArray[np.float64]

N_FOLDS = 5


def held_out_proba(kind: type[Head], examples: Examples, *, seed: int) -> Floats:
    """Fit a head without each fifth of every class, or without the first of them, and ask it about that fifth.

    Returns:
        Shape `(n, n_classes)`; NaN for rows that were not held out, such as that of a class that has no other.
    """
    random = np.random.default_rng(seed)
    fold = np.full(len(examples.y), -1)
    for code in range(examples.n_classes):
        rows = random.permutation(examples.rows_of(code))
        if len(rows) > 1:
            fold[rows] = np.arange(len(rows)) % N_FOLDS
    proba = np.full((len(examples.y), examples.n_classes), np.nan)
    for number in range(kind.held_out_folds):
        rows = np.flatnonzero(fold == number)
        if len(rows):
            head, _ = kind.fit(examples.without(rows), seed=seed)
            proba[rows] = head.proba(examples.x[rows])
    return proba


def class_quantile(scores: Floats, y: NDArray[np.intp], level: float) -> float:
    """Find the score that a share `level` of the rows do not exceed, every class weighing the same.

    Args:
        scores: Shape `(n,)`; NaN where there is none.
        y: Class of each row.
        level: In (0, 1).

    Returns:
        The lowest such score; infinite without any score, so that nothing exceeds it.
    """
    known = np.flatnonzero(~np.isnan(scores))
    if not len(known):
        return float(np.finfo(np.float64).max)
    order = known[np.argsort(scores[known], kind="stable")]
    weight = 1 / np.bincount(y[known])[y[order]]
    reached = np.cumsum(weight) / weight.sum()
    return float(scores[order[min(int(np.searchsorted(reached, level - 1e-9)), len(order) - 1)]])
