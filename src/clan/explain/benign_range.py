"""Reasons for alerts: which features lie farthest from the range that they have in benign traffic.

The comparison is made one feature at a time, so it points at what to look at first; the model itself weighs features
together. Distances are taken on a signed logarithmic scale, where ten times as much counts the same for a small and a
large feature, and are divided by the spread of the feature on that scale. The spread has a floor of ln 2: a feature
that is always 0 in benign traffic and 1 here is one spread away, not infinitely many.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from clan.alerts import BENIGN_HIGH, BENIGN_LOW, Reason
from clan.errors import ConfigError, DataError
from clan.schema import Feature, check_columns

_Floats = npt.NDArray[np.float64]

_SPREAD_FLOOR = float(np.log(2.0))
_NORMAL_IQR = 1.349  # interquartile range of a unit normal
_NORMAL_RANGE = 5.152  # distance between its 0.5 % and 99.5 % quantiles


def reasons(
    flows: pl.DataFrame,
    features: Sequence[Feature],
    quantiles: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    top: int = 5,
) -> list[list[Reason]]:
    """Give each flow its reasons, the farthest from the benign range first.

    Features outside the benign range (0.5 % to 99.5 % quantile) come first, by distance; then those inside, by how
    extreme their quantile is. A feature that is null or NaN in the flow, or has no benign quantiles, is never a reason.

    Args:
        flows: The flows to explain, one row each; holds a numeric column per feature. Best only the alerts, as
            memory is about 40 bytes a row and feature.
        features: What the columns are. Length `n_features`.
        quantiles: Benign quantiles. Shape `(n_probabilities, n_features)`, in the features' units, non-decreasing
            down each column; a column of NaN means that benign traffic could not tell the feature.
        probabilities: Their probabilities. Shape `(n_probabilities,)`, increasing from 0 (minimum) to 1 (maximum).
        top: Most reasons a flow, >= 1.

    Returns:
        One list a row of `flows`, in its order, of at most `top` reasons.

    Raises:
        SchemaError: `flows` lacks the column of a feature.
        DataError: `quantiles` or `probabilities` have the wrong shape or order.
        ConfigError: `top` is below 1.

    Example:
        >>> from clan.schema import table_feature
        >>> frame = pl.DataFrame({"a": [2.0, 900.0]})
        >>> found = reasons(frame, [table_feature("a")], [[0.0], [1.0], [4.0]], [0.0, 0.5, 1.0])
        >>> [r[0].benign_quantile for r in found]
        [0.6666666666666666, 1.0]
    """
    if top < 1:
        raise ConfigError(f"top must be >= 1, got {top}")
    check_columns(flows.columns, features, what="the table of flows to explain")
    table, steps = _checked(quantiles, probabilities, len(features))
    if flows.is_empty() or not features:
        return [[] for _ in range(flows.height)]
    values = flows.select(pl.col(f.name).cast(pl.Float64) for f in features).to_numpy()
    low, high = _at(table, steps, BENIGN_LOW), _at(table, steps, BENIGN_HIGH)
    distance = _distance(values, table, steps)
    quantile = np.column_stack([_quantile_of(values[:, j], table[:, j], steps) for j in range(len(features))])
    rank = np.where(distance > 0, 1.0 + distance, np.abs(2.0 * quantile - 1.0))
    known = ~np.isnan(values) & ~np.isnan(table).any(axis=0)
    order = np.argsort(-np.where(known, rank, -1.0), axis=1, kind="stable")[:, :top]
    return [
        [
            Reason(
                feature=features[j].name,
                value=float(values[i, j]),
                unit=features[j].unit,
                benign_quantile=float(quantile[i, j]),
                benign_low=float(low[j]),
                benign_high=float(high[j]),
                distance=float(distance[i, j]),
            )
            for j in row
            if known[i, j]
        ]
        for i, row in enumerate(order)
    ]


def _checked(quantiles: npt.ArrayLike, probabilities: npt.ArrayLike, n_features: int) -> tuple[_Floats, _Floats]:
    """Return both as arrays, or say what about them is wrong."""
    table, steps = np.asarray(quantiles, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)
    if steps.ndim != 1 or len(steps) < 2 or steps[0] != 0 or steps[-1] != 1 or not (np.diff(steps) > 0).all():
        raise DataError(f"probabilities must increase from 0 to 1 in at least two steps, got shape {steps.shape}")
    if table.shape != (len(steps), n_features):
        raise DataError(
            f"quantiles must have shape ({len(steps)}, {n_features}), one row a probability and one column a feature, "
            f"got {table.shape}"
        )
    if (np.diff(table, axis=0) < 0).any():
        raise DataError("quantiles must not decrease down a column; were they sorted by probability?")
    return table, steps


def _at(table: _Floats, steps: _Floats, probability: float) -> _Floats:
    """Interpolate every feature's quantile at one probability. Shape `(n_features,)`."""
    above = int(np.clip(np.searchsorted(steps, probability), 1, len(steps) - 1))
    weight = (probability - steps[above - 1]) / (steps[above] - steps[above - 1])
    below, beyond = table[above - 1], table[above]
    return np.asarray(np.clip(below * (1.0 - weight) + beyond * weight, below, beyond))  # rounding may step outside


def _distance(values: _Floats, table: _Floats, steps: _Floats) -> _Floats:
    """How far outside the benign range, in floored spreads. Shape of `values`; 0 inside and where unknown."""
    # A feature that never reaches 1 would live in the linear part of log1p and drown in the floor: measure it in
    # units of its largest benign value.
    largest = np.abs(table).max(axis=0)
    unit = np.where((largest > 0) & (largest < 1), largest, 1.0)
    low, high, q25, q75 = (_log(_at(table, steps, p) / unit) for p in (BENIGN_LOW, BENIGN_HIGH, 0.25, 0.75))
    spread = np.maximum(np.maximum((q75 - q25) / _NORMAL_IQR, (high - low) / _NORMAL_RANGE), _SPREAD_FLOOR)
    with np.errstate(over="ignore"):  # beyond the largest float is an infinity, which _log takes
        here = _log(values / unit)
    outside: _Floats = np.maximum(np.maximum(low - here, here - high), 0.0) / spread
    return np.where(np.isnan(outside), 0.0, outside)


def _log(x: _Floats) -> _Floats:
    """Signed logarithm; an infinity becomes the largest finite number, so that distances stay finite."""
    finite = np.nan_to_num(x, nan=np.nan)
    return np.asarray(np.sign(finite) * np.log1p(np.abs(finite)))


def _quantile_of(values: _Floats, column: _Floats, steps: _Floats) -> _Floats:
    """Where values lie in one feature's benign distribution, in [0, 1]; the middle of the step at a repeated value."""
    left, right = np.searchsorted(column, values, "left"), np.searchsorted(column, values, "right")
    last = len(steps) - 1
    above, below = np.clip(left, 1, last), np.clip(left, 1, last) - 1
    with np.errstate(invalid="ignore", over="ignore"):  # infinite values meet the clip
        width = column[above] - column[below]
        weight = np.clip((values - column[below]) / np.where(width > 0, width, 1.0), 0.0, 1.0)
    between = steps[below] + weight * (steps[above] - steps[below])
    inside = np.where(right > left, (steps[np.clip(left, 0, last)] + steps[np.clip(right - 1, 0, last)]) / 2.0, between)
    return np.where(left > last, 1.0, np.where(right == 0, 0.0, inside))
