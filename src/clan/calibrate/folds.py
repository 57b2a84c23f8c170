"""Which rows are held out together when the threshold is set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

NEVER = -1
"""In place of a fold: the row is always learnt from and never held out."""


def assign_folds(
    n: int,
    n_folds: int,
    generator: np.random.Generator,
    *,
    source: NDArray[np.int64] | None = None,
    time: NDArray[np.int64] | None = None,
    warm_up_us: int = 0,
) -> Ints:
    """Give each row the number of the fold in which it is held out.

    Rows that resemble each other for other reasons than being benign have to be held out together, or the threshold
    comes out too low: several streams are held out whole, one long stream in contiguous blocks of time, and rows of
    which nothing is known at random. When one stream holds more than half of the rows, holding it out whole would
    leave too little to train on, so time blocks (in the order of stream, then time) are used then.

    What hosts did before is unknown at the start of a stream. Of one stream there is one start: held out, it is unlike
    all that is left, though no other start will be to a model that saw it, and the threshold would come out too high.
    So the rows of the first `warm_up_us` of a stream are never held out in time blocks, unless that is most of them.

    Args:
        n: Rows, >= 2.
        n_folds: Folds wanted; fewer when there are fewer rows or streams.
        generator: For random folds.
        source: Number of each row's stream. Shape `(n,)`.
        time: Start of each flow in microseconds. Shape `(n,)`.
        warm_up_us: Time after the start of a stream that is never held out, in microseconds, >= 0.

    Returns:
        Fold of each row, or `NEVER`. Shape `(n,)`, below n_folds; every fold has a row and is not all rows.

    Example:
        >>> assign_folds(6, 3, np.random.default_rng(0), time=np.array([5, 0, 1, 4, 2, 3])).tolist()
        [2, 0, 0, 2, 1, 1]
    """
    n_folds = min(n_folds, n)
    if source is not None:
        sizes = np.bincount(source)
        if len(sizes) > 1 and sizes.max() * 2 <= n:
            return _whole_sources(source, sizes, n_folds)
    if time is not None:
        stream = np.zeros(n, dtype=np.int64) if source is None else source
        return _blocks(np.lexsort((time, stream)), n_folds, _warming_up(stream, time, warm_up_us))
    return _blocks(generator.permutation(n), n_folds, np.zeros(n, dtype=np.bool_))


def _blocks(order: NDArray[np.intp], n_folds: int, never: NDArray[np.bool_]) -> Ints:
    """Cut an order of the rows into equal runs, leaving out some rows."""
    folds = np.full(len(order), NEVER, dtype=np.int64)
    order = order[~never[order]]
    folds[order] = np.arange(len(order)) * min(n_folds, len(order)) // len(order)
    return folds


def _warming_up(stream: NDArray[np.int64], time: NDArray[np.int64], warm_up_us: int) -> NDArray[np.bool_]:
    """Tell which rows lie in the first moments of their stream; none where that is most of them."""
    first = np.full(int(stream.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, stream, time)
    early = time - first[stream] < warm_up_us
    return early if early.sum() * 2 < len(early) else np.zeros_like(early)


def _whole_sources(source: NDArray[np.int64], sizes: NDArray[np.intp], n_folds: int) -> Ints:
    """Largest stream first, each into the fold with the fewest rows."""
    n_folds = min(n_folds, len(sizes))
    fold_of = np.zeros(len(sizes), dtype=np.int64)
    load = np.zeros(n_folds, dtype=np.int64)
    for stream in np.argsort(-sizes, kind="stable"):  # over streams, not rows
        fold_of[stream] = load.argmin()
        load[load.argmin()] += sizes[stream]
    return fold_of[source]
