"""Which rows are held out together when the threshold is set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def assign_folds(
    n: int,
    n_folds: int,
    generator: np.random.Generator,
    *,
    source: NDArray[np.int64] | None = None,
    time: NDArray[np.int64] | None = None,
) -> Ints:
    """Give each row the number of the fold in which it is held out.

    Rows that resemble each other for other reasons than being benign have to be held out together, or the threshold
    comes out too low: several streams are held out whole, one long stream in contiguous blocks of time, and rows of
    which nothing is known at random. When one stream holds more than half of the rows, holding it out whole would
    leave too little to train on, so time blocks (in the order of stream, then time) are used then.

    Args:
        n: Rows, >= 2.
        n_folds: Folds wanted; fewer when there are fewer rows or streams.
        generator: For random folds.
        source: Number of each row's stream. Shape `(n,)`.
        time: Start of each flow. Shape `(n,)`.

    Returns:
        Fold of each row. Shape `(n,)`, in [0, n_folds); every fold has a row and is not all rows.

    Example:
        >>> assign_folds(6, 3, np.random.default_rng(0), time=np.array([5, 0, 1, 4, 2, 3])).tolist()
        [2, 0, 0, 2, 1, 1]
    """
    n_folds = min(n_folds, n)
    if source is not None:
        sizes = np.bincount(source)
        if len(sizes) > 1 and sizes.max() * 2 <= n:
            return _whole_sources(source, sizes, n_folds)
    if source is not None and time is not None:
        return _blocks(np.lexsort((time, source)), n_folds)
    if time is not None:
        return _blocks(np.argsort(time, kind="stable"), n_folds)
    return _blocks(generator.permutation(n), n_folds)


def _blocks(order: NDArray[np.intp], n_folds: int) -> Ints:
    """Cut an order of the rows into equal runs."""
    folds = np.empty(len(order), dtype=np.int64)
    folds[order] = np.arange(len(order)) * n_folds // len(order)
    return folds


def _whole_sources(source: NDArray[np.int64], sizes: NDArray[np.intp], n_folds: int) -> Ints:
    """Largest stream first, each into the fold with the fewest rows."""
    n_folds = min(n_folds, len(sizes))
    fold_of = np.zeros(len(sizes), dtype=np.int64)
    load = np.zeros(n_folds, dtype=np.int64)
    for stream in np.argsort(-sizes, kind="stable"):  # over streams, not rows
        fold_of[stream] = load.argmin()
        load[load.argmin()] += sizes[stream]
    return fold_of[source]
