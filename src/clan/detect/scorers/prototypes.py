"""Distance to the nearest of several prototypes: benign traffic is several clusters, not one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from clan.detect.scorers.base import Array
from clan.detect.scorers.kmeans import k_means

N_PROTOTYPES = 256

BLOCK = 16_384
"""Training rows whose distances to all prototypes are held at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Space:
    """The prototypes of one space and how far benign rows are from them.

    Attributes:
        centers: Prototypes. Shape `(n_prototypes, dim)`.
        level: The 95 % quantile of the log distances over the training rows, the floor added to the squared distance,
            and the weight of this space. Shape `(3,)`. The quantile puts models of other rows or seeds on one scale; it
            lies near where thresholds do, while the lower half is full of rows that all but repeat another. Dividing by
            a spread too costs coverage of the stated intervals and gains nothing (`docs/method.md`).
    """

    centers: Array
    level: Array
    _products: tuple[Array, Array] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare what distances are made of: -2 times the centres, transposed, and their squares."""
        own = np.einsum("ij,ij->i", self.centers, self.centers)
        object.__setattr__(self, "_products", (np.ascontiguousarray(-2 * self.centers.T), own))

    @classmethod
    def fit(cls, x: Array, *, floor: float, weight: float, seed: int) -> Self:
        """Find prototypes by k-means and level the log distances on the same rows."""
        centers = k_means(x, N_PROTOTYPES, seed=seed)
        logs = np.log(left_out_squared_distance(x, centers) + np.float32(floor)).astype(np.float64)
        return cls(centers=centers, level=np.array([np.quantile(logs, 0.95), floor, weight], dtype=np.float32))

    def score(self, x: Array) -> Array:
        """Weighted log squared distance to the nearest prototype, 0 at the 95 % quantile of benign rows; `(n,)`."""
        high, floor, weight = self.level
        return weight * (np.log(self.distance(x) + floor) - high)

    def distance(self, x: Array) -> Array:
        """Squared distance to the nearest prototype, shape `(n,)`; as `squared_distance`, with less to do a row."""
        centers, own = self._products
        products = x @ centers  # (n, n_prototypes)
        products += own
        return np.maximum(products.min(axis=1) + np.einsum("ij,ij->i", x, x), 0)

    @classmethod
    def checked(cls, centers: Array, level: Array, width: int) -> Self:
        """Build from stored arrays; ValueError when they do not fit."""
        if centers.ndim != 2 or centers.shape[1] != width or not len(centers):
            raise ValueError(f"prototypes of shape {centers.shape} do not fit {width} columns")
        if level.shape != (3,) or level[1] <= 0 or level[2] <= 0:
            raise ValueError("a prototype level must be a quantile, a positive floor and a positive weight")
        return cls(centers=centers, level=level)


def squared_distance(x: Array, centers: Array) -> Array:
    """Squared Euclidean distance of each row to its nearest centre, shape `(n,)`, >= 0.

    Example:
        >>> squared_distance(np.float32([[0.0, 3.0]]), np.float32([[0.0, 0.0], [4.0, 3.0]])).tolist()
        [9.0]
    """
    products = x @ centers.T  # (n, n_prototypes)
    products *= -2
    products += np.einsum("ij,ij->i", centers, centers)
    nearest = products.min(axis=1) + np.einsum("ij,ij->i", x, x)
    return np.maximum(nearest, 0)


def left_out_squared_distance(x: Array, centers: Array) -> Array:
    """Squared distance of each row to its nearest centre, had the row not helped to place it.

    A centre is nearer to the c rows that it is the mean of than to new ones. Without row x the centre would lie
    c / (c - 1) times as far from it; a row alone in its cluster falls to the second nearest centre.

    Args:
        x: The rows of the k-means. Shape `(n, dim)`.
        centers: Its centres. Shape `(k, dim)`.

    Returns:
        Shape `(n,)`, >= 0. What `squared_distance` gives for new rows of the same kind, approximately.
    """
    if len(centers) == 1:
        return squared_distance(x, centers) * np.float32((len(x) / max(len(x) - 1, 1)) ** 2)
    nearest = np.empty(len(x), dtype=np.intp)
    two = np.empty((len(x), 2), dtype=np.float32)  # squared distances to the nearest and the second nearest centre
    own_squares = np.einsum("ij,ij->i", centers, centers)
    for start in range(0, len(x), BLOCK):  # all rows by all centres at once would take gigabytes
        rows = x[start : start + BLOCK]
        squared = own_squares - 2 * (rows @ centers.T)  # (b, k)
        first_two = np.argpartition(squared, 1, axis=1)[:, :2]  # (b, 2), nearest first
        nearest[start : start + BLOCK] = first_two[:, 0]
        two[start : start + BLOCK] = np.take_along_axis(squared, first_two, axis=1)
        two[start : start + BLOCK] += np.einsum("ij,ij->i", rows, rows)[:, None]
    first, second = two.T
    size = np.bincount(nearest, minlength=len(centers))[nearest]
    grown = np.where(size > 1, (size / np.maximum(size - 1, 1)) ** 2, np.inf)
    with np.errstate(invalid="ignore"):  # 0 * inf of a row that is its own centre: the second nearest is taken
        own = np.maximum(first, 0) * grown
    return np.fmin(own, np.maximum(second, 0)).astype(np.float32)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prototypes:
    """Weighted sum of the log distances to the nearest prototype among the features and in the embedding."""

    spaces: Mapping[str, Space]
    needs_encoder: ClassVar[bool] = True
    adds_up: ClassVar[bool] = True
    space: ClassVar[type[Space]] = Space
    floors: ClassVar[dict[str, float]] = {"features": 1e-1, "embedding": 1e-4}
    """Added to the squared distance, so that exact repeats of training rows (log 0) do not go to minus infinity."""

    weights: ClassVar[dict[str, float]] = {"embedding": 0.5}
    """Weight of a space; 1 where none stands. Weights of the embedding between 0.3 and 1 detected alike
    (`docs/method.md`)."""

    @classmethod
    def fit(cls, x: Array, z: Array, *, seed: int) -> Self:
        """Fit prototypes in each space of this scorer."""
        rows = {"features": x, "embedding": z}
        return cls(
            spaces={
                name: cls.space.fit(rows[name], floor=floor, weight=cls.weights.get(name, 1.0), seed=seed)
                for name, floor in cls.floors.items()
            }
        )

    def score(self, x: Array, z: Array) -> Array:
        """Add the spaces' scores, shape `(n,)`."""
        rows = {"features": x, "embedding": z}
        parts = [space.score(rows[name]) for name, space in self.spaces.items()]
        return np.add.reduce(parts)

    def tensors(self) -> dict[str, Array]:
        """Name centres and levels by space."""
        return {
            f"{name}.{part}": value
            for name, space in self.spaces.items()
            for part, value in (("centers", space.centers), ("level", space.level))
        }

    @classmethod
    def from_tensors(cls, named: dict[str, Array], *, n_features: int, dim: int) -> Self:
        """Build from stored centres and levels."""
        widths = {"features": n_features, "embedding": dim}
        expected = {f"{name}.{part}" for name in cls.floors for part in ("centers", "level")}
        if set(named) != expected:
            raise ValueError(f"expected {sorted(expected)}, found {sorted(named)}")
        return cls(
            spaces={
                name: cls.space.checked(named[f"{name}.centers"], named[f"{name}.level"], widths[name])
                for name in cls.floors
            }
        )


class FeaturePrototypes(Prototypes):
    """Prototypes among the scaled features only; trains no encoder."""

    needs_encoder: ClassVar[bool] = False
    floors: ClassVar[dict[str, float]] = {"features": 1e-1}


class EmbeddingPrototypes(Prototypes):
    """Prototypes in the embedding only."""

    floors: ClassVar[dict[str, float]] = {"embedding": 1e-4}
