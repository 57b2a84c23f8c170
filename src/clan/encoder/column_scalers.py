"""How columns are standardised, one way per class; all are fitted on benign training rows only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]

N_QUANTILES = 1001
"""Quantiles that `QuantileNormal` keeps of each column, at most one for each row."""


class Fitted(Protocol):
    """Columns' statistics and what is done with them."""

    @property
    def n_columns(self) -> int:
        """Columns that it was fitted to."""

    @classmethod
    def fit(cls, values: Floats) -> Self:
        """Look at benign rows `(n, n_columns)`, n >= 1, finite or NaN = unknown; unknown values do not count."""

    def transform(self, values: Floats) -> Floats | NDArray[np.float32]:
        """Scale rows `(n, n_columns)` into a new array; NaN stays NaN."""

    def tensors(self) -> dict[str, Floats]:
        """Name every array, as the model file stores them."""

    @classmethod
    def from_tensors(cls, named: Mapping[str, NDArray[Any]]) -> Self:
        """Build from what `tensors` gave; KeyError or ValueError when it does not fit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ZScore:
    """Subtract the mean and divide by the sample standard deviation.

    Attributes:
        mean: Mean of each training column. Shape `(n_columns,)`.
        std: Sample standard deviation, floored. Shape `(n_columns,)`, > 0.
    """

    mean: Floats
    std: Floats
    floor: ClassVar[float] = 0.0
    """Smallest standard deviation that is divided by. It keeps a feature that hardly varies in training from making a
    one-unit change look infinitely anomalous. A column without any spread is divided by max(floor, 1)."""

    @property
    def n_columns(self) -> int:
        """Columns that it was fitted to."""
        return len(self.mean)

    @staticmethod
    def before(values: Floats) -> Floats:
        """What is done before the z-score: nothing."""
        return values

    @classmethod
    def fit(cls, values: Floats) -> Self:
        """Take mean and spread of each column."""
        columns = cls.before(values)
        mean = _mean(columns)
        spread = _std(columns)
        return cls(mean=mean, std=_floored(spread, mean, cls.floor))

    def transform(self, values: Floats) -> Floats:
        """Standardise rows."""
        scaled = self.before(values) - self.mean
        scaled /= self.std
        return scaled

    def tensors(self) -> dict[str, Floats]:
        """Name the arrays."""
        return {"mean": self.mean, "std": self.std}

    @classmethod
    def from_tensors(cls, named: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the stored arrays."""
        mean, std = named["mean"], named["std"]
        if mean.ndim != 1 or mean.shape != std.shape or (std <= 0).any():
            raise ValueError("a scaler's mean and std must be of one length, std above 0")
        return cls(mean=mean, std=std)


class SignedLog(ZScore):
    """Compress magnitudes, then z-score. On its axis a change from 0 to 1 is 0.69: with the floor, 6.9 deviations."""

    __slots__ = ()
    floor: ClassVar[float] = 0.1

    @staticmethod
    def before(values: Floats) -> Floats:
        """Compress by `signed_log`."""
        return signed_log(values)


class Robust(ZScore):
    """Subtract the median and divide by the interquartile range, scaled to a normal's standard deviation.

    A column whose middle half is constant falls back on its standard deviation.
    """

    __slots__ = ()

    @classmethod
    def fit(cls, values: Floats) -> Self:
        """Take median and spread of each column."""
        low, median, high = quantiles(values, np.array([0.25, 0.5, 0.75]))
        spread = (high - low) / 1.3489795  # the interquartile range of a standard normal
        std = _std(values)
        return cls(mean=median, std=_floored(np.where(spread > 0, spread, std), median, cls.floor))


@dataclass(frozen=True, kw_only=True, slots=True)
class QuantileNormal:
    """Map each column's distribution to a standard normal, by its quantiles.

    Values beyond those of the training rows all become +-5.2, so how far out they are is lost.

    Attributes:
        quantiles: Evenly spaced quantiles of each column, ascending. Shape `(n_quantiles, n_columns)`, with
            n_quantiles >= 2.
    """

    quantiles: Floats

    @property
    def n_columns(self) -> int:
        """Columns that it was fitted to."""
        return int(self.quantiles.shape[1])

    @classmethod
    def fit(cls, values: Floats) -> Self:
        """Take quantiles of each column."""
        at = np.linspace(0, 1, max(2, min(N_QUANTILES, len(values))))
        return cls(quantiles=np.maximum.accumulate(quantiles(values, at), axis=0))

    def transform(self, values: Floats) -> Floats:
        """Map rows; a value that many training rows share gets the middle of their ranks."""
        at = np.linspace(0, 1, len(self.quantiles))
        rank = np.empty(values.shape)
        for j in range(values.shape[1]):
            column, marks = values[:, j], self.quantiles[:, j]
            rank[:, j] = (np.interp(column, marks, at) - np.interp(-column, -marks[::-1], -at[::-1])) / 2
        return ndtri(np.clip(rank, 1e-7, 1 - 1e-7))

    def tensors(self) -> dict[str, Floats]:
        """Name the array."""
        return {"quantiles": self.quantiles}

    @classmethod
    def from_tensors(cls, named: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the stored array."""
        quantiles = named["quantiles"]
        if quantiles.ndim != 2 or len(quantiles) < 2 or (np.diff(quantiles, axis=0) < 0).any():
            raise ValueError("a scaler's quantiles must ascend")
        return cls(quantiles=quantiles)


COLUMN_SCALERS: dict[str, type[Fitted]] = {
    "quantile_normal": QuantileNormal,
    "robust": Robust,
    "signed_log": SignedLog,
    "zscore": ZScore,
}
"""Scaler name to class."""


def signed_log(values: Floats) -> Floats:
    """Compress magnitudes and keep the sign: sign(v) log(1 + |v|).

    Example:
        >>> signed_log(np.array([-1.0, 0.0, 1.0])).round(4).tolist()
        [-0.6931, 0.0, 0.6931]
    """
    return np.copysign(np.log1p(np.abs(values)), values)


def quantiles(values: Floats, probabilities: Floats) -> Floats:
    """Quantiles of what is known of each column; of a column that is unknown throughout, 0.

    Args:
        values: Shape `(n, n_columns)`, finite or NaN = unknown.
        probabilities: Shape `(n_quantiles,)`, in [0, 1].

    Returns:
        Shape `(n_quantiles, n_columns)`.
    """
    found = np.zeros((len(probabilities), values.shape[1]))
    for j in range(values.shape[1]):  # a column at a time is the only copy
        known = values[:, j][~np.isnan(values[:, j])]
        if len(known):
            found[:, j] = np.quantile(known, probabilities)
    return found


def extremes(values: Floats) -> tuple[Floats, Floats]:
    """Lowest and highest known value of each column, as `quantiles` at 0 and 1, without a copy of the values."""
    low = np.fmin.reduce(values, axis=0, initial=np.inf)
    high = np.fmax.reduce(values, axis=0, initial=-np.inf)
    nothing = low > high  # of a column that is unknown throughout
    return np.where(nothing, 0.0, low), np.where(nothing, 0.0, high)


def _mean(values: Floats) -> Floats:
    """Mean of what is known of each column; 0 where nothing is."""
    unknown = np.isnan(values)
    if not unknown.any():
        return np.asarray(values.mean(axis=0))
    return np.where(unknown, 0.0, values).sum(axis=0) / np.maximum((~unknown).sum(axis=0), 1)


def _std(values: Floats) -> Floats:
    """Sample standard deviation of what is known of each column; 0 where that is one value or none."""
    n_known = (~np.isnan(values)).sum(axis=0)
    if (n_known == len(values)).all():
        return np.asarray(values.std(axis=0, ddof=1)) if len(values) > 1 else np.zeros(values.shape[1])
    squares = np.where(np.isnan(values), 0.0, (values - _mean(values)) ** 2).sum(axis=0)
    return np.sqrt(squares / np.maximum(n_known - 1, 1))


def _floored(spread: Floats, mean: Floats, floor: float) -> Floats:
    nothing = spread <= 1e-9 * np.maximum(1.0, np.abs(mean))  # rounding noise of a constant column
    return np.where(nothing, 1.0, np.maximum(spread, floor))
