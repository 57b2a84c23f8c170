"""Conformal p-values and the threshold that agrees with them on every row."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clan.calibrate.budget import Budget
from clan.calibrate.interval import alert_interval

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """What benign scores say about new ones.

    A flow alerts when its p-value is at most `alpha`, which is the same as a score at or above `threshold`.

    Attributes:
        scores: Anomaly scores of benign flows that the scoring model did not see. Ascending, shape `(n,)`.
        alpha: Largest p-value that alerts, in (0, 1).
        budget: The budget in words.
        days: Days in which the flows were seen, where that is known.
        inflation: How many times as uncertain as n independent scores the threshold is; above 1 when the scores come
            from other models than the one that will score.
    """

    scores: Floats
    alpha: float
    budget: str
    days: float | None = None
    inflation: float = 1.0

    @property
    def n(self) -> int:
        """Number of calibration flows."""
        return len(self.scores)

    @property
    def rank(self) -> int:
        """How many of n + 1 exchangeable flows may alert: the largest k with k / (n + 1) <= alpha."""
        k = math.floor(self.alpha * (self.n + 1)) + 1
        while k > 0 and k / (self.n + 1) > self.alpha:  # the comparison that p-values make, to the last bit
            k -= 1
        return k

    @property
    def highest_normal(self) -> float:
        """The highest score that does not alert; infinite when nothing may alert."""
        return float(self.scores[self.n - self.rank]) if self.rank else math.inf

    @property
    def threshold(self) -> float:
        """The lowest score that alerts: the next float above `highest_normal`."""
        return float(np.nextafter(self.highest_normal, math.inf))

    @property
    def expected_fpr(self) -> float:
        """Expected share of benign flows that alert (an upper bound when scores are tied)."""
        return self.rank / (self.n + 1)

    @property
    def flows_per_day(self) -> float | None:
        """Benign flows a day in the calibration data, where the days are known."""
        return None if not self.days else self.n / self.days

    @property
    def expected_alerts_per_day(self) -> float | None:
        """Expected false alarms a day at the rate of flows of the calibration data."""
        return None if self.flows_per_day is None else self.expected_fpr * self.flows_per_day

    @property
    def alerts_per_day_interval(self) -> tuple[int, int] | None:
        """95 % prediction interval of the false alarms in one day like those of the calibration data."""
        return None if self.flows_per_day is None else self.prediction_interval(round(self.flows_per_day))

    def prediction_interval(self, n_new: int, level: float = 0.95) -> tuple[int, int]:
        """Predict the number of alerts among new benign flows.

        Args:
            n_new: Number of new benign flows.
            level: Probability that the count lies inside, in (0, 1).

        Returns:
            Smallest and largest count, both inclusive. Assumes that the new flows are exchangeable with the
            calibration flows: same network, no drift.
        """
        return alert_interval(self.rank, self.n, n_new, level, inflation=self.inflation)

    def p_value(self, scores: ArrayLike) -> Floats:
        """Share of benign flows, the new one among them, that are at least as anomalous.

        Args:
            scores: Anomaly scores. Shape `(m,)`.

        Returns:
            Shape `(m,)`, in [1 / (n + 1), 1]. Uniform or larger for a benign flow.

        Source:
            Vovk et al. 2005, conformal p-value: (1 + #{calibration >= s}) / (n + 1).
        """
        at_least = self.n - np.searchsorted(self.scores, np.asarray(scores, dtype=np.float64), side="left")
        return (1 + at_least) / (self.n + 1)


def calibrate(scores: ArrayLike, budget: Budget, *, days: float | None = None, inflation: float = 1.0) -> Calibration:
    """Set a threshold so that the budget holds.

    Args:
        scores: Anomaly scores of benign flows that the model did not see. Shape `(n,)`, finite.
        budget: What was asked for.
        days: Days in which the flows were seen; needed for a budget in alerts a day.
        inflation: See `Calibration`.

    Raises:
        DataError: The flows cannot support the budget; the message says how many are needed.

    Example:
        >>> calibration = calibrate(range(99), Budget(fpr=0.05))
        >>> calibration.highest_normal, calibration.p_value([94.5, 94.0]).tolist()
        (94.0, [0.05, 0.06])
    """
    ordered = np.sort(np.asarray(scores, dtype=np.float64))
    alpha = budget.alpha(len(ordered), days)
    return Calibration(scores=ordered, alpha=alpha, budget=str(budget), days=days, inflation=inflation)
