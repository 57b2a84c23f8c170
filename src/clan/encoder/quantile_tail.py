"""Ranks among benign rows as a normal score, and beyond their range the logarithm of how far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from clan.encoder.column_scalers import quantiles
from clan.flows.jit import kernel

Floats = NDArray[np.float64]

LIMIT = 3.0
"""Normal score of the ends of the benign range. Ranks say less than that: among n rows the outermost is one in n."""

N_MARKS = 97
"""Quantiles kept of each column, evenly spaced on the normal axis: finer at the ends, where rows are told apart."""

MAX_ROWS = 200_000
"""Rows whose values give the quantiles; the range is that of all rows."""


@kernel
def _scale(values: Any, marks: Any, at: Any, below: Any, above: Any, out: Any) -> None:
    """Scale rows, column by column of each row."""
    n_marks = marks.shape[1]
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = values[row, column]
            if np.isnan(value):
                out[row, column] = np.nan
                continue
            low, high = 0, n_marks  # the first mark above the value
            while low < high:
                middle = (low + high) >> 1
                if marks[column, middle] <= value:
                    low = middle + 1
                else:
                    high = middle
            if low == 0:
                out[row, column] = -LIMIT - _excess(marks[column, 0], value)
            elif marks[column, low - 1] == value:
                out[row, column] = at[column, low - 1]
            elif low == n_marks or np.isinf(marks[column, low]):
                out[row, column] = LIMIT + _excess(value, marks[column, low - 1])
            else:
                start, stop = marks[column, low - 1], marks[column, low]
                share = (value - start) / (stop - start)
                out[row, column] = above[column, low - 1] + share * (below[column, low] - above[column, low - 1])


@kernel
def _excess(higher: Any, lower: Any) -> Any:
    """How much farther one value is than another on the signed-log axis, >= 0."""
    return _log(higher) - _log(lower)


@kernel
def _log(value: Any) -> Any:
    return np.log1p(value) if value >= 0 else -np.log1p(-value)


@dataclass(frozen=True, kw_only=True, slots=True)
class QuantileTail:
    """Map each column's distribution to a standard normal within +-`LIMIT`; beyond its range, go on with the logarithm.

    A value that many training rows share gets the middle of their ranks. A value outside everything seen in training is
    as far beyond the end of the range as their signed logarithms differ, so that a thousand times the usual is still
    farther than ten times.

    Attributes:
        quantiles: Quantiles of each column, ascending, the lowest and highest value among them. Shape
            `(n_marks, n_columns)`, n_marks >= 2.
    """

    quantiles: Floats
    _tables: tuple[Floats, Floats, Floats, Floats] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tables", _tables_of(self.quantiles))

    @property
    def n_columns(self) -> int:
        """Columns that it was fitted to."""
        return int(self.quantiles.shape[1])

    @classmethod
    def fit(cls, values: Floats) -> Self:
        """Take quantiles of each column."""
        some = values[:: -(-len(values) // MAX_ROWS)]
        marks = quantiles(some, _probabilities())
        low, high = quantiles(values, np.array([0.0])), quantiles(values, np.array([1.0]))
        marks[0], marks[-1] = low[0], high[0]
        return cls(quantiles=np.maximum.accumulate(marks, axis=0))

    def transform(self, values: Floats) -> Floats:
        """Map rows."""
        scaled = np.empty(values.shape)
        _scale(np.ascontiguousarray(values), *self._tables, scaled)
        return scaled

    def tensors(self) -> dict[str, Floats]:
        """Name the array."""
        return {"quantiles": self.quantiles}

    @classmethod
    def from_tensors(cls, named: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the stored array."""
        marks = named["quantiles"]
        if marks.ndim != 2 or len(marks) < 2 or (np.diff(marks, axis=0) < 0).any():
            raise ValueError("a scaler's quantiles must ascend")
        return cls(quantiles=marks)


def _probabilities() -> Floats:
    """Probabilities of the marks; the ends are the lowest and the highest value."""
    between = ndtr(np.linspace(-LIMIT, LIMIT, N_MARKS))
    between[0], between[-1] = 0.0, 1.0
    return np.asarray(between)


def _tables_of(marks: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Lay the marks out for the kernel, each distinct value once.

    Returns:
        The values of each column, ascending and filled up with infinity; the normal score of each; what scores come to
        just below it; and just above it. Each of shape `(n_columns, n_marks)`.
    """
    n, n_columns = marks.shape
    probability = _probabilities() if n == N_MARKS else np.linspace(0, 1, n)
    values = np.full((n_columns, n), np.inf)
    at, below, above = np.zeros((3, n_columns, n))
    for j in range(n_columns):
        distinct, first, count = np.unique(marks[:, j], return_index=True, return_counts=True)
        low, high = probability[first], probability[first + count - 1]
        k = len(distinct)
        values[j, :k] = distinct
        at[j, :k], below[j, :k], above[j, :k] = _score((low + high) / 2), _score(low), _score(high)
    return values, at, below, above


def _score(probability: Floats) -> Floats:
    return np.clip(ndtri(probability), -LIMIT, LIMIT)
