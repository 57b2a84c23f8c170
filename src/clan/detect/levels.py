"""What brings the scores of several feature groups to one scale: how rare each would be among benign flows.

The score of a group becomes -log p, p the share of benign flows that score at least as high in that group. Up to the
95 % quantile p is the empirical one, beyond it an exponential tail with the mean excess of the benign scores, so that
the scale goes on where no benign flow was seen. The sum over the groups is Fisher's combination of p-values (1932,
Statistical Methods for Research Workers, 4th ed., section 21.1): a group that finds a flow ordinary adds next to
nothing, and two groups that find it odd count for more than one.

A group may have to be odd before it counts: with `least`, only what is beyond that -log p is added, so that a group
whose ordinary range differs from network to network speaks by its tail alone (a continuous form of the truncated
product of Zaykin et al., Genetic Epidemiology 22, 2002, which leaves out p-values that are not small).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TAIL: Final = 0.95
"""Quantile from which on the tail is exponential."""

PROBABILITIES: Final[Floats] = np.linspace(0, TAIL, 39)
"""Where the quantiles below are taken."""

UNKNOWN: Final = 1.0
"""Mean of -log p over benign flows, which stands for a group of which nothing is known in a row."""

LEAST_EXCESS: Final = 1e-3
"""Smallest mean excess: scores that hardly vary must not make a small step look impossible."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """The benign distribution of one group's scores.

    Attributes:
        marks: Quantiles of the scores at `PROBABILITIES`, not descending. Shape `(n_quantiles,)`.
        excess: Mean of what exceeds the last of them, > 0.
        least: -log p up to which a score adds nothing, >= 0.
    """

    marks: Floats
    excess: float
    least: float = 0.0

    @classmethod
    def fit(cls, scores: Floats, *, least: float = 0.0) -> Self:
        """Look at benign scores of shape `(n,)`, NaN = unknown; best of rows that were held out.

        Example:
            >>> level = Level.fit(np.arange(1000.0))
            >>> np.exp(-level.rarity(np.array([500.0, 900.0, 1000.0]))).round(2).tolist()
            [0.5, 0.1, 0.01]
        """
        known = scores[~np.isnan(scores)]
        marks = np.quantile(known, PROBABILITIES) if len(known) else np.zeros(len(PROBABILITIES))
        above = known[known > marks[-1]] - marks[-1]
        return cls(
            marks=np.maximum.accumulate(marks),
            excess=max(float(above.mean()) if len(above) else 0.0, LEAST_EXCESS),
            least=least,
        )

    def rarity(self, scores: Floats) -> Floats:
        """Give -log p of scores of shape `(n,)` beyond `least`; that of `UNKNOWN` where a score is NaN."""
        marks, first = np.unique(self.marks, return_index=True)  # of equal quantiles the largest p
        inside = np.interp(scores, marks, -np.log1p(-PROBABILITIES[first]))
        beyond = np.maximum(scores - marks[-1], 0.0) / self.excess
        rarity: Floats = np.where(np.isnan(scores), UNKNOWN, inside + beyond)
        return np.maximum(rarity - self.least, 0.0)

    def tensors(self) -> dict[str, Floats]:
        """Name the arrays, as the model file stores them."""
        return {"marks": self.marks, "excess": np.array([self.excess]), "least": np.array([self.least])}

    @classmethod
    def from_tensors(cls, named: Mapping[str, NDArray[Any]]) -> Self:
        """Build from what `tensors` gave; KeyError or ValueError when it does not fit."""
        marks, excess, least = named["marks"], named["excess"], named["least"]
        if marks.dtype != np.float64 or marks.shape != PROBABILITIES.shape or (np.diff(marks) < 0).any():
            raise ValueError(f"a level's marks must be {len(PROBABILITIES)} ascending numbers")
        if excess.dtype != np.float64 or excess.shape != (1,) or not excess[0] >= LEAST_EXCESS:
            raise ValueError("a level's excess must be a number above 0")
        if least.dtype != np.float64 or least.shape != (1,) or not 0 <= least[0] < np.inf:
            raise ValueError("a level's least must be a number, 0 or above")
        return cls(marks=marks, excess=float(excess[0]), least=float(least[0]))
