"""A sample of flows that come in batches, so that training takes the same memory from a day and from a year."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.calibrate import ObservedTime
from clan.errors import ConfigError

MAX_ROWS = 200_000
"""Flows that `clan train` learns from at the most; `docs/method.md` has what more of them change."""


class FlowSample:
    """Keeps a uniform sample without replacement of all rows that it is given, and counts the rest.

    Each row draws a number when it comes, and the rows with the smallest numbers are kept: whether one is kept depends
    on the seed and on how many rows came before it, not on the batches that they came in.

    Args:
        max_rows: Rows to keep at the most, >= 2. Memory holds up to twice as many.
        seed: Of the draws.

    Attributes:
        n_seen: Rows that were given.

    Raises:
        ConfigError: `max_rows` is below 2.

    Example:
        >>> sample = FlowSample(2, seed=0)
        >>> for n in range(100):
        ...     sample.add(pl.DataFrame({"n": [n]}))
        >>> sample.n_seen, sample.flows().height
        (100, 2)
    """

    def __init__(self, max_rows: int = MAX_ROWS, *, seed: int) -> None:
        if max_rows < 2:
            raise ConfigError(f"max_rows must be at least 2, got {max_rows}")
        self.max_rows, self.n_seen = max_rows, 0
        self._watched = ObservedTime()
        self._generator = np.random.default_rng(seed)
        self._parts: list[pl.DataFrame] = []
        self._draws: list[NDArray[np.float64]] = []
        self._n_held = 0

    def add(self, batch: pl.DataFrame) -> None:
        """Draw for the rows of a batch; all batches have the same columns."""
        self._watched.add(batch)
        self.n_seen += batch.height
        self._parts.append(batch)
        self._draws.append(self._generator.random(batch.height))
        self._n_held += batch.height
        if self._n_held > 2 * self.max_rows:
            self._shrink()

    def flows(self) -> pl.DataFrame:
        """Give the rows that are kept, in the order in which they came.

        Raises:
            ConfigError: There was no batch.
        """
        if not self._parts:
            raise ConfigError("no flows were given to draw from")
        self._shrink()
        return self._parts[0]

    @property
    def days(self) -> float | None:
        """Days that all rows cover, kept or not; None where that is unknown."""
        return self._watched.days

    def _shrink(self) -> None:
        """Keep the rows with the smallest draws."""
        rows, draws = pl.concat(self._parts), np.concatenate(self._draws)
        if rows.height > self.max_rows:
            kept = np.sort(np.argpartition(draws, self.max_rows - 1)[: self.max_rows])
            rows, draws = rows[kept], draws[kept]
        self._parts, self._draws, self._n_held = [rows], [draws], rows.height
