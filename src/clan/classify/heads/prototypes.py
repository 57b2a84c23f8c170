"""A few centres a class: the nearest one names the flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.special import softmax
from sklearn.cluster import KMeans

from clan.classify.heads.base import Array, Examples, Floats

MAX_CENTERS = 8
"""Centres of a class, at most one for each two of its rows."""

FLOOR = 0.1
"""Smallest spread that a column is divided by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassPrototypes:
    """Centres, and how fast belief falls with distance.

    Attributes:
        mean: Of each column. Shape `(n_columns,)`.
        spread: Of each column, floored. Shape `(n_columns,)`, > 0.
        centers: Shape `(n_classes, n_centers, n_columns)`; a class with fewer repeats its first.
        scale: Typical squared distance of a row to the nearest centre of its class. Shape `(1,)`, > 0.
    """

    uses_embedding: ClassVar[bool] = True
    held_out_folds: ClassVar[int] = 5

    mean: Floats
    spread: Floats
    centers: Floats
    scale: Floats

    @classmethod
    def fit(cls, examples: Examples, *, seed: int) -> tuple[Self, Floats | None]:
        """Place the centres of each class by k-means."""
        x, y = examples.everything()
        mean, spread = x.mean(axis=0, dtype=np.float64), np.maximum(x.std(axis=0, dtype=np.float64), FLOOR)
        centers, within = [], []
        for code in range(examples.n_classes):
            rows = (x[y == code] - mean) / spread
            wanted = max(1, min(MAX_CENTERS, len(np.unique(rows, axis=0)) // 2))
            found = KMeans(wanted, n_init=1, random_state=seed).fit(rows)
            centers.append(
                np.concatenate([found.cluster_centers_, found.cluster_centers_[[0] * (MAX_CENTERS - wanted)]])
            )
            within.append(found.inertia_ / len(rows))
        return cls(
            mean=mean, spread=spread, centers=np.stack(centers), scale=np.array([max(np.mean(within), 1e-9)])
        ), None

    def proba(self, x: Array) -> Floats:
        """Class probabilities. Shape `(n, n_classes)`."""
        n_classes, n_centers, n_columns = self.centers.shape
        squared = cdist((x - self.mean) / self.spread, self.centers.reshape(-1, n_columns), "sqeuclidean").reshape(
            len(x), n_classes, n_centers
        )
        return softmax(-squared.min(axis=2) / self.scale, axis=1)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Name every array."""
        return {"mean": self.mean, "spread": self.spread, "centers": self.centers, "scale": self.scale}

    @classmethod
    def from_tensors(cls, named: dict[str, NDArray[Any]], *, n_columns: int, n_classes: int) -> Self:
        """Build from what `tensors` gave."""
        head = cls(mean=named["mean"], spread=named["spread"], centers=named["centers"], scale=named["scale"])
        if (
            head.centers.shape != (n_classes, MAX_CENTERS, n_columns)
            or not min(head.scale.min(), head.spread.min()) > 0
        ):
            raise ValueError(f"prototypes: {head.centers.shape} for {n_columns} columns and {n_classes} classes")
        return head
