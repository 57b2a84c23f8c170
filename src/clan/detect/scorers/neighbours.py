"""Distance to the nearest training row, exactly: nothing is summarised, everything is kept."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from clan.detect.scorers.base import Array
from clan.detect.scorers.prototypes import Prototypes, Space, squared_distance

BLOCK = 4096
"""Training rows that are compared at once, so that memory stays O(rows x BLOCK)."""

MAX_LEVEL_ROWS = 4096
"""Training rows whose distances give the level: enough for a quantile, and fitting stays linear in the rows."""


class NeighbourSpace(Space):
    """Training rows of one space, in the place of prototypes."""

    __slots__ = ()

    @classmethod
    def fit(cls, x: Array, *, floor: float, weight: float, seed: int) -> Self:
        """Keep the rows, and level the log distances of some of them to their nearest other row."""
        chosen = np.arange(len(x))
        if len(x) > MAX_LEVEL_ROWS:
            chosen = np.sort(np.random.default_rng(seed).choice(len(x), MAX_LEVEL_ROWS, replace=False))
        logs = np.log(distance_to_others(x, chosen) + np.float32(floor)).astype(np.float64)
        level = np.array([np.quantile(logs, 0.95), floor, weight], dtype=np.float32)
        return cls(centers=np.ascontiguousarray(x, dtype=np.float32), level=level)

    def distance(self, x: Array) -> Array:
        """Squared distance to the nearest training row, shape `(n,)`."""
        parts = [squared_distance(x, self.centers[i : i + BLOCK]) for i in range(0, len(self.centers), BLOCK)]
        return np.minimum.reduce(parts)


def distance_to_others(x: Array, chosen: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Array:
    """Squared distance of some rows to the nearest other row.

    Args:
        x: All rows. Shape `(n, dim)`.
        chosen: Numbers of the rows that are measured. Shape `(m,)`.

    Returns:
        Shape `(m,)`, >= 0; 0 when there is no other row.

    Example:
        >>> distance_to_others(np.float32([[0.0], [3.0], [4.0]]), np.array([0, 1])).tolist()
        [9.0, 1.0]
    """
    if len(x) < 2:
        return np.zeros(len(chosen), dtype=np.float32)
    nearest = np.full(len(chosen), np.inf, dtype=np.float32)
    rows = x[chosen]
    own = np.einsum("ij,ij->i", rows, rows)
    for start in range(0, len(x), BLOCK):
        others = x[start : start + BLOCK]
        squared = np.einsum("ij,ij->i", others, others) - 2 * (rows @ others.T) + own[:, None]  # (m, block)
        mine = (chosen >= start) & (chosen < start + len(others))
        squared[mine, chosen[mine] - start] = np.inf
        nearest = np.minimum(nearest, squared.min(axis=1))
    return np.maximum(nearest, 0)


class Neighbours(Prototypes):
    """Sum of the log distances to the nearest training row among the features and in the embedding.

    Cost: scoring a row takes O(training rows x (features + dim)), and the model file holds every training row, where
    prototypes take 256 of them.
    """

    __slots__ = ()
    space: ClassVar[type[Space]] = NeighbourSpace


class FeatureNeighbours(Neighbours):
    """Nearest training row among the scaled features only, O(training rows x features) a row; trains no encoder."""

    __slots__ = ()
    needs_encoder: ClassVar[bool] = False
    floors: ClassVar[dict[str, float]] = {"features": 1e-1}


class EmbeddingNeighbours(Neighbours):
    """Nearest training row in the embedding only, O(training rows x dim) a row."""

    __slots__ = ()
    floors: ClassVar[dict[str, float]] = {"embedding": 1e-4}
