"""Which values of a row are known: what a flow speaks of is part of what it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLOOR = 0.1
"""Smallest standard deviation of an indicator, so that one odd row in thousands is not infinitely odd."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence:
    """Indicators of what is known, standardised on benign rows.

    Attributes:
        columns: A column for each set of columns that are always known together. Shape `(n_indicators,)`.
        mean: Share of training rows that know it. Shape `(n_indicators,)`, in (0, 1).
    """

    columns: NDArray[np.int64]
    mean: Floats

    @classmethod
    def fit(cls, values: Floats) -> Self | None:
        """Look at training rows `(n, n_features)`, NaN = unknown; None when all is known.

        Example:
            >>> nan = np.nan
            >>> Presence.fit(np.array([[1.0, nan, nan], [1.0, 2.0, 2.0]])).columns.tolist()
            [1]
        """
        known = ~np.isnan(values)
        share = known.mean(axis=0)
        partly = np.flatnonzero((share > 0) & (share < 1))
        if not len(partly):
            return None
        packed = np.packbits(known[:, partly], axis=0).T  # (n_partly, bytes): a row a column
        columns = partly[np.sort(np.unique(packed, axis=0, return_index=True)[1])].astype(np.int64)
        return cls(columns=columns, mean=share[columns])

    def transform(self, values: Floats) -> NDArray[np.float32]:
        """Give the indicators of rows `(n, n_features)`, shape `(n, n_indicators)`."""
        known = ~np.isnan(values[:, self.columns])
        return ((known - self.mean) / np.maximum(np.sqrt(self.mean * (1 - self.mean)), FLOOR)).astype(np.float32)

    def tensors(self) -> dict[str, Floats]:
        """Name the arrays, as the model file stores them."""
        return {"columns": self.columns.astype(np.float64), "mean": self.mean}

    @classmethod
    def from_tensors(cls, named: Mapping[str, NDArray[Any]], *, n_features: int) -> Self:
        """Build from the stored arrays; KeyError or ValueError when they do not fit."""
        columns, mean = named["columns"], named["mean"]
        whole = columns.ndim == 1 and len(columns) > 0 and bool((columns == columns.astype(np.int64)).all())
        if not whole or columns.shape != mean.shape or not ((columns >= 0) & (columns < n_features)).all():
            raise ValueError("its indicators of what is known are not columns of the features")
        if not ((mean > 0) & (mean < 1)).all():
            raise ValueError("its shares of what is known must be in (0, 1)")
        return cls(columns=columns.astype(np.int64), mean=mean)
