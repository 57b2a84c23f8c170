"""Ranks among benign rows as a normal score, and beyond their range the logarithm of how far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from clan.encoder.column_scalers import extremes, quantiles
from clan.flows.jit import kernel

Floats = NDArray[np.float64]
Array = NDArray[np.float32]

LIMIT = 3.0
"""Normal score of the ends of the benign range. Ranks say less than that: among n rows the outermost is one in n."""

N_MARKS = 97
"""Quantiles kept of each column, evenly spaced on the normal axis: finer at the ends, where rows are told apart."""

LARGEST = float(np.finfo(np.float32).max)

BLOCK = 65_536
"""Rows that are scaled at once: the kernel takes them column by column, in a copy."""

MAX_ROWS = 200_000
"""Rows whose values give the quantiles; the range is that of all rows."""


@kernel
def _scale(values: Any, tables: Any, value: Any, below: Any, out: Any) -> None:
    """Scale rows, column by column.

    How many marks lie at or below a value is counted by comparing with all of them: plain loops over the rows, which
    the compiler turns into vector instructions, take an eighth of the time of a binary search.
    """
    n_marks, marks, start, slope, at = tables
    for column in range(values.shape[1]):
        last = n_marks[column]
        for row in range(values.shape[0]):
            raw = values[row, column]
            raw = LARGEST if raw > LARGEST else raw
            value[row] = np.float32(-LARGEST if raw < -LARGEST else raw)
            below[row] = 0
        for k in range(last):
            mark = marks[column, k]
            for row in range(values.shape[0]):
                below[row] += np.int32(mark <= value[row])
        for row in range(values.shape[0]):
            place, x = below[row], value[row]
            mark = marks[column, max(place - 1, 0)]
            scaled = start[column, place] + (x - mark) * slope[column, place]
            if x == mark:
                scaled = at[column, place]
            elif place == last:
                scaled += np.float32(_log(x) - _log(mark))
            elif place == 0:  # also where the value is NaN, and so is the result
                scaled -= np.float32(_log(mark) - _log(x))
            out[row, column] = scaled


@kernel
def _log(value: Any) -> Any:
    """Signed logarithm."""
    return np.log1p(np.float64(value)) if value >= 0 else -np.log1p(-np.float64(value))


class _Tables(NamedTuple):
    """What the kernel looks up, marks in ascending order and each once, in float32.

    Attributes:
        n_marks: Marks of each column. Shape `(n_columns,)`.
        marks: Shape `(n_columns, most marks)`, filled up with infinity.
        start: Normal score just above the mark before place p; `-LIMIT` before the first. Shape
            `(n_columns, most marks + 1)`, as the others.
        slope: Its rise for one unit of the value up to the mark at place p; 0 outside the range.
        at: Normal score of the mark before place p itself.
    """

    n_marks: NDArray[np.int32]
    marks: Array
    start: Array
    slope: Array
    at: Array


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
    _tables: _Tables = field(init=False, repr=False, compare=False)

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
        marks[0], marks[-1] = extremes(values)
        return cls(quantiles=np.maximum.accumulate(marks, axis=0))

    def transform(self, values: Floats) -> Array:
        """Map rows; what differs by less than float32 tells is the same value."""
        scaled = np.empty(values.shape, dtype=np.float32)
        for start in range(0, len(values), BLOCK):
            rows = np.asfortranarray(values[start : start + BLOCK])
            n = len(rows)
            value, below = np.empty(n, np.float32), np.empty(n, np.int32)
            _scale(rows, self._tables, value, below, scaled[start : start + BLOCK])
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


def _tables_of(quantiles: Floats) -> _Tables:
    """Lay the quantiles out for the kernel."""
    n, n_columns = quantiles.shape
    probability = _probabilities() if n == N_MARKS else np.linspace(0, 1, n)
    rounded = np.clip(quantiles, -LARGEST, LARGEST).astype(np.float32)
    tables = _Tables(
        n_marks=np.empty(n_columns, dtype=np.int32),
        marks=np.full((n_columns, n), np.inf, dtype=np.float32),
        start=np.full((n_columns, n + 1), -LIMIT, dtype=np.float32),
        slope=np.zeros((n_columns, n + 1), dtype=np.float32),
        at=np.zeros((n_columns, n + 1), dtype=np.float32),
    )
    for j in range(n_columns):
        marks, first, count = np.unique(rounded[:, j], return_index=True, return_counts=True)
        k = len(marks)
        low, high = probability[first], probability[first + count - 1]
        above, rise = _score(high), _score(low[1:]) - _score(high[:-1])
        tables.n_marks[j], tables.marks[j, :k] = k, marks
        tables.start[j, 1:k], tables.start[j, k] = above[:-1], LIMIT
        tables.slope[j, 1:k] = rise / np.diff(marks.astype(np.float64))
        tables.at[j, 1 : k + 1] = _score((low + high) / 2)
    return tables


def _score(probability: Floats) -> Floats:
    return np.asarray(np.clip(ndtri(probability), -LIMIT, LIMIT))
