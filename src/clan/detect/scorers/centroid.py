"""The published score: minus the cosine to the mean benign direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from clan.detect.scorers.base import Array


@dataclass(frozen=True, slots=True)
class Centroid:
    """Minus the cosine similarity to the mean benign embedding; in [-|mean|, |mean|].

    Attributes:
        mean: Mean of the unit embeddings of the benign rows. Shape `(dim,)`.

    Source:
        Wilkie et al. 2025, https://arxiv.org/abs/2509.06550.
        The mean is not scaled to unit length, which changes no order.
    """

    mean: Array
    needs_encoder: ClassVar[bool] = True
    adds_up: ClassVar[bool] = False

    @classmethod
    def fit(cls, x: Array, z: Array, *, seed: int) -> Self:  # noqa: ARG003 - a scorer's signature
        """Average the embeddings."""
        return cls(z.mean(axis=0))

    def score(self, x: Array, z: Array) -> Array:
        """Return minus the dot product, shape `(n,)`."""
        return -(z @ self.mean)

    def tensors(self) -> dict[str, Array]:
        """Name the mean."""
        return {"mean": self.mean}

    @classmethod
    def from_tensors(cls, named: dict[str, Array], *, n_features: int, dim: int) -> Self:  # noqa: ARG003
        """Build from the stored mean."""
        if set(named) != {"mean"} or named["mean"].shape != (dim,):
            raise ValueError(f"a centroid holds one array `mean` of shape ({dim},)")
        return cls(named["mean"])
