"""k-means on benign rows, by scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning

from clan.detect.scorers.base import Array

MINI_BATCH_FROM = 50_000
"""From this many rows on, mini-batches find nearly the same centres in a fraction of the time."""

ROWS_PER_CENTER = 10
"""With fewer rows a centre, the centres would lie on the rows, and training distances would say little."""


MAX_ITERATIONS = 10
"""Rounds of Lloyd's algorithm at most. One, 5 and 20 gave the same detection (`docs/method.md`); where the centres
start counts: k-means++ finds the rare kinds of benign flows, random rows do not."""


def k_means(x: Array, n_clusters: int, *, seed: int) -> Array:
    """Find cluster centres.

    Args:
        x: Shape `(n, dim)`.
        n_clusters: Wanted centres; fewer when rows, or distinct rows, are few.
        seed: Of the initial centres.

    Returns:
        Shape `(k, dim)`, float32, k <= n_clusters.
    """
    n_clusters = max(1, min(n_clusters, len(x) // ROWS_PER_CENTER))
    distinct = np.unique(x[:MINI_BATCH_FROM], axis=0)
    if len(distinct) <= n_clusters:
        return np.ascontiguousarray(distinct, dtype=np.float32)
    if len(x) >= MINI_BATCH_FROM:
        model = MiniBatchKMeans(n_clusters, random_state=seed, n_init=1, batch_size=8192)
    else:
        model = KMeans(n_clusters, random_state=seed, n_init=1, max_iter=MAX_ITERATIONS)
    with warnings.catch_warnings():
        # rows that differ by less than the rounding of the distances are one to it: two centres coincide then
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x)
    return np.ascontiguousarray(model.cluster_centers_, dtype=np.float32)
