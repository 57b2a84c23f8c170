"""Do the benign rows look benign? A small cluster far from all else may be an attack that was recorded with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from clan.detect.scorers.kmeans import k_means

MIN_ROWS = 200
"""With fewer rows every cluster is small."""

MAX_SHARE = 0.05
"""A larger cluster is a habit of the network."""

MIN_CLUSTER = 5
"""Fewer rows alike are odd flows, not a cluster."""

FAR = 16.0
"""Euclidean gap among standardised features. Benign samples of three data sets never had one, while at 12 half of them
did (`docs/method.md`); so this finds only what is grossly unlike the rest."""


def suspicious_rows(x: NDArray[np.float32], *, seed: int) -> NDArray[np.intp]:
    """Find rows that form a small cluster far from all others.

    Prototypes of the rows are joined into components by single linkage; a component is suspicious when no other
    prototype is within `FAR` and it holds between `MIN_CLUSTER` rows and `MAX_SHARE` of all.

    Args:
        x: Features, signed-log and standardised, for which `FAR` holds. Shape `(n, n_features)`.
        seed: Of the k-means.

    Returns:
        Row numbers, ascending; empty when nothing looks odd.
    """
    if len(x) < MIN_ROWS:
        return np.empty(0, dtype=np.intp)
    centers = k_means(x, 128, seed=seed)
    if len(centers) < 3:
        return np.empty(0, dtype=np.intp)
    component = fcluster(linkage(centers.astype(np.float64), "single"), FAR, criterion="distance")
    nearest = _nearest(x, centers)
    sizes = np.bincount(component[nearest], minlength=component.max() + 1)
    odd = (sizes >= MIN_CLUSTER) & (sizes <= MAX_SHARE * len(x))
    return np.flatnonzero(odd[component[nearest]])


def _nearest(x: NDArray[np.float32], centers: NDArray[np.float32]) -> NDArray[np.intp]:
    """Number of the nearest centre of each row."""
    products = x @ centers.T  # (n, n_centers)
    return np.argmin(np.einsum("ij,ij->i", centers, centers) - 2 * products, axis=1)
