"""Several scorers as one: the sum of their scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from clan.detect.scorers.base import Array, Scorer


@dataclass(frozen=True, kw_only=True, slots=True)
class Combination:
    """Sum of the parts' scores, which are log distances with one origin; a subclass says which parts.

    Attributes:
        fitted: Name to fitted scorer.
    """

    fitted: Mapping[str, Scorer]
    needs_encoder: ClassVar[bool] = False
    adds_up: ClassVar[bool] = True
    parts: ClassVar[Mapping[str, type[Scorer]]] = {}

    @classmethod
    def fit(cls, x: Array, z: Array, *, seed: int) -> Self:
        """Fit each part to the same rows."""
        return cls(fitted={name: part.fit(x, z, seed=seed) for name, part in cls.parts.items()})

    def score(self, x: Array, z: Array) -> Array:
        """Add the parts' scores, shape `(n,)`."""
        return np.add.reduce([part.score(x, z) for part in self.fitted.values()])

    def tensors(self) -> dict[str, Array]:
        """Name the parts' arrays, each after its part."""
        return {f"{name}.{key}": value for name, part in self.fitted.items() for key, value in part.tensors().items()}

    @classmethod
    def from_tensors(cls, named: dict[str, Array], *, n_features: int, dim: int) -> Self:
        """Build each part from its arrays."""
        if any(name.split(".")[0] not in cls.parts for name in named):
            raise ValueError(f"expected arrays of {sorted(cls.parts)}, found {sorted(named)}")
        fitted = {
            part: kind.from_tensors(
                {key.removeprefix(f"{part}."): value for key, value in named.items() if key.startswith(f"{part}.")},
                n_features=n_features,
                dim=dim,
            )
            for part, kind in cls.parts.items()
        }
        return cls(fitted=fitted)


def combination(parts: Mapping[str, type[Scorer]]) -> type[Combination]:
    """Make the scorer that adds these up."""
    members = {
        "parts": dict(parts),
        "needs_encoder": any(part.needs_encoder for part in parts.values()),
        "__slots__": (),
    }
    return type("Combination", (Combination,), members)
