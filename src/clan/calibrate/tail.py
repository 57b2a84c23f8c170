"""Beyond the highest calibration score: a fitted tail, for what no rank can tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import genpareto

Floats = NDArray[np.float64]

SHARE, FEWEST, MOST = 0.05, 30, 1000
"""The tail is fitted to this share of the scores, the highest, within these counts. Fewer say nothing of a tail."""

LOWEST_FACTOR = 1e-3
"""How far below 1 / (n + 1) a p-value may be extrapolated: n scores cannot vouch for what is a thousand times rarer
than the rarest of them."""

MAX_SHAPE = 0.9
"""Above, even the mean of the excess is hardly defined."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tail:
    """A generalised Pareto tail above a score.

    Attributes:
        start: Score where the tail begins.
        scale: Of the excess over it, > 0.
        shape: >= 0: exponential at 0, heavier above. A tail with an end is never used: it would call what lies beyond
            impossible.

    Source:
        Pickands 1975; Coles 2001, "An introduction to statistical modeling of extreme values", chapter 4.
    """

    start: float
    scale: float
    shape: float

    def ratio(self, scores: Floats, highest: float) -> Floats:
        """Probability of a score at least as high, given that it is above `highest`; shape `(m,)`, in (0, 1]."""
        above = genpareto.logsf(np.maximum(scores, highest) - self.start, self.shape, scale=self.scale)
        return np.exp(above - genpareto.logsf(highest - self.start, self.shape, scale=self.scale))


def fit_tail(scores: Floats) -> Tail | None:
    """Fit a tail to the highest of ascending scores by maximum likelihood.

    Args:
        scores: Ascending. Shape `(n,)`.

    Returns:
        The tail; None where the scores are too few, or the highest of them are all the same.

    Example:
        >>> tail = fit_tail(np.sort(np.random.default_rng(0).exponential(2.0, 20_000)))
        >>> abs(tail.scale - 2) < 0.3, tail.shape < 0.1
        (True, True)
    """
    n_tail = int(min(max(SHARE * len(scores), FEWEST), MOST, len(scores) // 2))
    if n_tail < FEWEST:
        return None
    start = float(scores[-n_tail - 1])
    excess = scores[-n_tail:] - start
    excess = excess[excess > 0]
    if len(excess) < FEWEST // 2 or excess[0] == excess[-1]:
        return None
    mean = float(excess.mean())
    shape, _, scale = genpareto.fit(excess / mean, 0.1, floc=0)
    if not (0 < shape < np.inf and 0 < scale < np.inf):
        return Tail(start=start, scale=mean, shape=0.0)
    return Tail(start=start, scale=float(scale) * mean, shape=float(min(shape, MAX_SHAPE)))
