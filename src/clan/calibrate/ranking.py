"""One exchangeable set of calibration scores: ranks, p-values, and the threshold that agrees with them on every row."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clan.calibrate.tail import LOWEST_FACTOR, Tail

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """Benign scores, and the level up to which p-values alert.

    Attributes:
        scores: Ascending. Shape `(n,)`, n >= 1.
        alpha: Largest p-value that alerts, in (0, 1).
        tail: For scores above all of these; None: no p-value goes below 1 / (n + 1).
    """

    scores: Floats
    alpha: float
    tail: Tail | None = None

    @property
    def n(self) -> int:
        """Number of scores."""
        return len(self.scores)

    @property
    def allowed(self) -> int:
        """How many of n + 1 exchangeable flows may alert: the largest k with k / (n + 1) <= alpha."""
        k = math.floor(self.alpha * (self.n + 1)) + 1
        while k > 0 and k / (self.n + 1) > self.alpha:  # the comparison that p-values make, to the last bit
            k -= 1
        return min(k, self.n)

    @property
    def highest_normal(self) -> float:
        """The highest score that does not alert; infinite when nothing may alert."""
        return float(self.scores[self.n - self.allowed]) if self.allowed else math.inf

    @property
    def rank(self) -> int:
        """One more than the scores above `highest_normal`, 0 when nothing may alert; `allowed`, but for ties."""
        if not self.allowed:
            return 0
        return 1 + self.n - int(np.searchsorted(self.scores, self.highest_normal, side="right"))

    @property
    def tied(self) -> bool:
        """Whether several scores are the highest that does not alert."""
        if not self.allowed:
            return False
        first, last = (np.searchsorted(self.scores, self.highest_normal, side=side) for side in ("left", "right"))
        return bool(last - first > 1)

    def moved(self, highest_normal: float) -> Ranking:
        """The same ranks, shifted so that `highest_normal` is this score."""
        own = self.highest_normal
        tail = None if self.tail is None else replace(self.tail, start=highest_normal + (self.tail.start - own))
        return Ranking(scores=highest_normal + (self.scores - own), alpha=self.alpha, tail=tail)

    def p_value(self, scores: Floats) -> Floats:
        """Share of benign flows, the new one among them, that are at least as anomalous.

        Returns:
            Shape `(m,)`. From 1 / (n + 1) on uniform or larger for a benign flow; below only by the fitted tail, and
            only down to a thousandth of that.

        Source:
            Vovk et al. 2005, conformal p-value: (1 + #{calibration >= s}) / (n + 1).
        """
        at_least = self.n - np.searchsorted(self.scores, scores, side="left")
        p = (1 + at_least) / (self.n + 1)
        if self.tail is not None and self.allowed:
            beyond = scores > self.scores[-1]
            ratio = self.tail.ratio(scores[beyond], float(self.scores[-1]))
            p[beyond] *= np.maximum(ratio, LOWEST_FACTOR)
        return p
