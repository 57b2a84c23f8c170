"""How far apart two values of a feature are, judged by benign traffic: what distances between flows are measured in.

Values are put on a signed logarithmic scale, where ten times as much counts the same for a small and a large feature,
and divided by the spread of the feature on that scale. The spread has a floor of ln 2: a feature that is always 0 in
benign traffic and 1 here is one spread away, not infinitely many. No part of a model is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from clan.errors import DataError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

SPREAD_FLOOR: Final = float(np.log(2.0))
_NORMAL_IQR: Final = 1.349  # interquartile range of a unit normal
_NORMAL_RANGE: Final = 5.152  # distance between its 0.5 % and 99.5 % quantiles

CAP: Final = 3.0
"""Spreads from which on a difference counts no more, so that a distance says in how many features two flows differ."""

_UNKNOWN: Final = -1e9
"""Where the unknown lies on the scale, on which no float64 is beyond +-1,100."""

_CELLS: Final = 1 << 20
"""Distances that are computed at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BenignScale:
    """Quantiles of each feature in benign traffic, and the scale that follows from them.

    Attributes:
        table: Shape `(n_probabilities, n_features)`, in the features' units, non-decreasing down each column; a column
            of NaN means that benign traffic could not tell the feature.
        steps: The probabilities. Shape `(n_probabilities,)`, increasing from 0 (minimum) to 1 (maximum).
        unit: What values are divided by before the logarithm. Shape `(n_features,)`.
        spread: Of each feature on the scale. Shape `(n_features,)`, NaN where benign traffic could not tell it.
    """

    table: Floats
    steps: Floats
    unit: Floats
    spread: Floats

    @classmethod
    def of(cls, quantiles: npt.ArrayLike, probabilities: npt.ArrayLike) -> Self:
        """Check quantiles and derive the scale.

        Raises:
            DataError: Wrong shape or order; the message says which.
        """
        table, steps = np.asarray(quantiles, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)
        if steps.ndim != 1 or len(steps) < 2 or steps[0] != 0 or steps[-1] != 1 or not (np.diff(steps) > 0).all():
            raise DataError(f"probabilities must increase from 0 to 1 in at least two steps, got shape {steps.shape}")
        if table.ndim != 2 or len(table) != len(steps):
            raise DataError(
                f"quantiles must have one row for each of {len(steps)} probabilities and one column a feature, got "
                f"shape {table.shape}"
            )
        if (np.diff(table, axis=0) < 0).any():
            raise DataError("quantiles must not decrease down a column; were they sorted by probability?")
        # A feature that never reaches 1 would live in the linear part of log1p and drown in the floor: measure it in
        # units of its largest benign value.
        largest = np.abs(table).max(axis=0)
        unit = np.where((largest > 0) & (largest < 1), largest, 1.0)
        low, high, q25, q75 = (signed_log(at(table, steps, p) / unit) for p in (0.005, 0.995, 0.25, 0.75))
        spread = np.maximum(np.maximum((q75 - q25) / _NORMAL_IQR, (high - low) / _NORMAL_RANGE), SPREAD_FLOOR)
        return cls(table=table, steps=steps, unit=unit, spread=spread)

    @property
    def n_features(self) -> int:
        """Columns."""
        return self.table.shape[1]

    def quantile(self, probability: float) -> Floats:
        """Interpolate every feature's quantile at one probability. Shape `(n_features,)`."""
        return at(self.table, self.steps, probability)

    def transform(self, values: Floats) -> Floats:
        """Put values of shape `(n, n_features)` on the scale; the unknown stays NaN, the infinite becomes finite."""
        with np.errstate(over="ignore"):  # beyond the largest float is an infinity, which the logarithm takes
            return np.asarray(signed_log(values / self.unit) / self.spread)

    def outside(self, values: Floats, low: Floats, high: Floats) -> Floats:
        """How many spreads values lie outside a range; 0 inside and where unknown. Shape of `values`."""
        here = self.transform(values)
        ends = self.transform(np.stack([low, high]))
        found = np.maximum(np.maximum(ends[0] - here, here - ends[1]), 0.0)
        return np.where(np.isnan(found), 0.0, found)

    def quantile_of(self, values: Floats) -> Floats:
        """Where values lie in the benign distribution, in [0, 1]; the middle of the step at a repeated value."""
        columns = [_quantile_of(values[:, j], self.table[:, j], self.steps) for j in range(self.n_features)]
        return np.column_stack(columns) if columns else np.zeros_like(values)

    def nearest(self, values: Floats, others: Floats, n: int, *, allowed: npt.NDArray[np.bool_] | None = None) -> Ints:
        """Find the rows among others that differ in the fewest features.

        The distance is the sum over features of the difference in spreads, at most `CAP` each; known beside unknown
        differs by `CAP`. Cost: O(rows x others x features) time, O(others) memory a row.

        Args:
            values: Shape `(rows, n_features)`, NaN = unknown.
            others: Shape `(m, n_features)`.
            n: How many to find for each row.
            allowed: Which of the others may be found. Shape `(rows, m)`; None for all.

        Returns:
            Row numbers of `others`, the nearest first. Shape `(rows, min(n, m))`; those that are not allowed come
            last.
        """
        here, there = (self._known(rows) for rows in (values, others))
        n = min(n, len(others))
        found = np.empty((len(values), n), dtype=np.intp)
        step = max(1, _CELLS // max(len(others), 1))
        for start in range(0, len(values), step):
            distance = _capped_distance(here[:, start : start + step], there)
            if allowed is not None:
                distance[~allowed[start : start + step]] = np.inf
            found[start : start + step] = np.argsort(distance, axis=1, kind="stable")[:, :n]
        return found

    def _known(self, values: Floats) -> npt.NDArray[np.float32]:
        """Transform for distances, transposed: what is unknown lies `CAP` and more from everything known."""
        scaled = self.transform(values).T.astype(np.float32)
        return np.ascontiguousarray(np.nan_to_num(scaled, nan=_UNKNOWN))


def _capped_distance(here: npt.NDArray[np.float32], there: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Sum of capped differences of columns `(n_features, rows)` and `(n_features, m)`. Shape `(rows, m)`."""
    total = np.zeros((here.shape[1], there.shape[1]), dtype=np.float32)
    difference = np.empty_like(total)
    for one, other in zip(here, there, strict=True):  # over features: the matrix of one feature stays in the cache
        np.subtract(one[:, None], other, out=difference)
        np.abs(difference, out=difference)
        np.minimum(difference, CAP, out=difference)
        total += difference
    return total


def at(table: Floats, steps: Floats, probability: float) -> Floats:
    """Interpolate the quantile of each column of `(n_probabilities, n)` at one probability. Shape `(n,)`."""
    above = int(np.clip(np.searchsorted(steps, probability), 1, len(steps) - 1))
    weight = (probability - steps[above - 1]) / (steps[above] - steps[above - 1])
    below, beyond = table[above - 1], table[above]
    return np.asarray(np.clip(below * (1.0 - weight) + beyond * weight, below, beyond))  # rounding may step outside


def signed_log(x: Floats) -> Floats:
    """Signed logarithm; an infinity becomes the largest finite number, so that distances stay finite.

    Example:
        >>> signed_log(np.array([0.0, -1.0])).round(4).tolist()
        [0.0, -0.6931]
    """
    finite = np.nan_to_num(x, nan=np.nan)
    return np.asarray(np.sign(finite) * np.log1p(np.abs(finite)))


def _quantile_of(values: Floats, column: Floats, steps: Floats) -> Floats:
    left, right = np.searchsorted(column, values, "left"), np.searchsorted(column, values, "right")
    last = len(steps) - 1
    above, below = np.clip(left, 1, last), np.clip(left, 1, last) - 1
    with np.errstate(invalid="ignore", over="ignore"):  # infinite values meet the clip
        width = column[above] - column[below]
        weight = np.clip((values - column[below]) / np.where(width > 0, width, 1.0), 0.0, 1.0)
    between = steps[below] + weight * (steps[above] - steps[below])
    inside = np.where(right > left, (steps[np.clip(left, 0, last)] + steps[np.clip(right - 1, 0, last)]) / 2.0, between)
    return np.where(left > last, 1.0, np.where(right == 0, 0.0, inside))
