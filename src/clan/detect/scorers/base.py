"""What a scorer is."""

from __future__ import annotations

from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Scorer(Protocol):
    """A distance to normal, fitted on benign rows; higher = more anomalous."""

    needs_encoder: ClassVar[bool]
    """Whether the scores depend on the embedding; when not, no encoder is trained."""

    adds_up: ClassVar[bool]
    """Whether the score is on a logarithmic scale, 0 at the 95 % quantile of benign rows, so that such scores can be
    added (`clan.detect.scorers.combination`)."""

    @classmethod
    def fit(cls, x: Array, z: Array, *, seed: int) -> Self:
        """Learn from scaled features `(n, n_features)` and unit embeddings `(n, dim)` of benign flows."""

    def score(self, x: Array, z: Array) -> Array:
        """Score rows; shape `(n,)`, finite. A row's score does not depend on the other rows."""

    def tensors(self) -> dict[str, Array]:
        """Name every array, as the model file stores them."""

    @classmethod
    def from_tensors(cls, named: dict[str, Array], *, n_features: int, dim: int) -> Self:
        """Build a scorer from what `tensors` gave; KeyError or ValueError when it does not fit."""
