"""A confidence sequence: an interval of a rate that holds at all times together."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import betaln


def rate_sequence(
    count: int, n: int, *, guess: float, level: float = 0.95, dispersion: float = 1.0
) -> tuple[float, float]:
    """Interval of the rate of a thing that happened `count` times among the first n flows.

    Unlike a confidence interval it may be looked at after every flow: the chance that the true rate is outside at any
    time is at most 1 - level.

    Args:
        count: How often it happened, 0 to n.
        n: Flows so far, >= 0.
        guess: A rate near which the interval is to be narrow, in (0, 1).
        level: Probability that all intervals hold, in (0, 1).
        dispersion: How many times as variable as of independent flows the counts are, >= 1.

    Returns:
        Lowest and highest rate, in [0, 1].

    Source:
        Robbins 1970, "Statistical methods related to the law of the iterated logarithm", with a beta mixture as in
        Howard, Ramdas, McAuliffe and Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic confidence sequences",
        proposition 7. The dispersion tempers the ratio and is ours.

    Example:
        >>> low, high = rate_sequence(50, 5000, guess=0.01)
        >>> round(low, 4), round(high, 4)
        (0.006, 0.0154)
    """
    if n == 0:
        return 0.0, 1.0
    a = 0.5
    b = a * (1 - guess) / guess
    mixture = float(betaln(a + count, b + n - count) - betaln(a, b))
    most = dispersion * np.log(1 / (1 - level))

    def beyond(rate: float) -> float:
        """Above 0 where the rate is out."""
        chance = (count * np.log(rate) if count else 0.0) + ((n - count) * np.log1p(-rate) if count < n else 0.0)
        return float(mixture - chance - most)

    middle, edge = count / n, 1e-15
    low = 0.0 if count == 0 or beyond(edge) <= 0 else float(brentq(beyond, edge, middle))
    high = 1.0 if count == n or beyond(1 - edge) <= 0 else float(brentq(beyond, max(middle, edge), 1 - edge))
    return low, high
