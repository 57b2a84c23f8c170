"""How far a row is above normal, column by column: more than benign rows have counts, less does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self

import numpy as np

from clan.detect.scorers.base import Array

TAIL: Final = 0.95
"""Quantile from which on the tail of a column is exponential."""

PROBABILITIES: Final = np.linspace(0, TAIL, 20).astype(np.float32)
"""Where the quantiles below are taken."""

LEAST_EXCESS: Final = 0.05
"""Smallest mean excess, in standard deviations: a column that hardly varies must not make a small step a huge one."""

LARGEST: Final = 20
"""Columns that are added up: those in which a row stands out most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OneSided:
    """Sum of -log p over the twenty columns in which a row has the most, p the share of benign rows with as much.

    Made for what the hosts of a flow did (group `context`): a scan, a flood or a beacon makes more flows, peers,
    failures or regularity than benign traffic, whatever the network; a quiet host is not odd. Distances flag both, and
    find every host of another network odd. The same holds for signs of trouble in what a flow says (group `payload`).
    Within a column p is empirical up to the 95 % quantile, exponential beyond, so that ten times as much is worse than
    twice as much; what almost all benign rows have none of is as rare as those that have some.

    Attributes:
        marks: Quantiles of each column at `PROBABILITIES`. Shape `(n_quantiles, n_features)`.
        excess: Mean excess of each column over the last of them, > 0. Shape `(n_features,)`.
        beyond: -log of the share of rows above the last of them, counted as one row where there is none, > 0. Shape
            `(n_features,)`.
    """

    marks: Array
    excess: Array
    beyond: Array
    needs_encoder: ClassVar[bool] = False
    adds_up: ClassVar[bool] = False

    @classmethod
    def fit(cls, x: Array, z: Array, *, seed: int) -> Self:  # noqa: ARG003 - of the protocol
        """Look at the columns of benign rows `(n, n_features)`; `z` and `seed` are not used."""
        marks = np.quantile(x, PROBABILITIES, axis=0).astype(np.float32)
        marks = np.maximum.accumulate(marks)
        above = np.maximum(x - marks[-1], 0)
        n_above = np.maximum((above > 0).sum(axis=0), 1)
        return cls(
            marks=marks,
            excess=np.maximum(above.sum(axis=0) / n_above, LEAST_EXCESS).astype(np.float32),
            beyond=-np.log(n_above / (len(x) + 1)).astype(np.float32),
        )

    def score(self, x: Array, z: Array) -> Array:
        """Score rows, shape `(n,)`, >= 0."""
        excess = np.maximum(x - self.marks[-1], 0)
        rarity = excess / self.excess + np.where(excess > 0, self.beyond, 0)
        for j in range(x.shape[1]):  # over columns, not rows
            marks, first = np.unique(self.marks[:, j], return_index=True)  # of equal quantiles the largest share
            inside = np.interp(x[:, j], marks, -np.log1p(-PROBABILITIES[first])).astype(np.float32)
            rarity[:, j] += np.where(excess[:, j] > 0, 0, inside)
        n = min(LARGEST, x.shape[1])
        largest = np.sort(np.partition(rarity, -n, axis=1)[:, -n:], axis=1)  # sorted, so that the sum has one order
        return np.asarray(largest.sum(axis=1, dtype=np.float32))

    def tensors(self) -> dict[str, Array]:
        """Name the arrays, as the model file stores them."""
        return {"marks": self.marks, "excess": self.excess, "beyond": self.beyond}

    @classmethod
    def from_tensors(cls, named: dict[str, Array], *, n_features: int, dim: int) -> Self:  # noqa: ARG003 - of the protocol
        """Build from the stored arrays."""
        if set(named) != {"marks", "excess", "beyond"}:
            raise ValueError(f"expected marks, excess and beyond, found {sorted(named)}")
        marks, excess, beyond = named["marks"], named["excess"], named["beyond"]
        if marks.shape != (len(PROBABILITIES), n_features) or (np.diff(marks, axis=0) < 0).any():
            raise ValueError(f"ascending quantiles of shape {marks.shape} do not fit {n_features} columns")
        if excess.shape != (n_features,) or not (excess >= np.float32(LEAST_EXCESS)).all():
            raise ValueError("expected a mean excess above 0 for each column")
        if beyond.shape != (n_features,) or not (beyond > 0).all():
            raise ValueError("expected a -log share above 0 for each column")
        return cls(marks=marks, excess=excess, beyond=beyond)
