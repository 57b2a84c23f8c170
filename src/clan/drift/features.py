"""How far each feature has moved from its benign range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.detect import columns
from clan.detect.quantiles import PROBABILITIES
from clan.schema import Feature

Floats = NDArray[np.float64]

LARGE = 0.25
"""Population stability index from which a feature counts as moved; the usual reading of the index."""

FEWEST = 1000
"""Flows to look at before a feature may count as moved."""

MEMORY = 16_384
"""Flows that count in full; beyond twice as many the older ones weigh half, again and again."""

EVERY_FLOW, ONE_IN = 8192, 8
"""The first flows are all looked at, later one in so many, always the same ones."""

_FLOOR = 1e-3
"""Share that every range has at least, so that one which benign flows hardly reach has a finite index."""

_CHUNK = 512
_DECILES = [int(np.flatnonzero(np.isclose(PROBABILITIES, tenth / 10))[0]) for tenth in range(11)]


@dataclass(frozen=True, kw_only=True, slots=True)
class MovedFeature:
    """A feature that is distributed otherwise than in the benign traffic of the training.

    Attributes:
        name: Of the feature.
        unit: Its unit.
        psi: Population stability index, >= 0: the sum over benign tenths of (share - benign share) times the log of
            their ratio, less what chance adds to it.
        benign_low: The benign 10 % quantile.
        benign_high: The benign 90 % quantile.
        below: Share of flows below `benign_low`.
        above: Share of flows above `benign_high`.
    """

    name: str
    unit: str
    psi: float
    benign_low: float
    benign_high: float
    below: float
    above: float


class FeatureDrift:
    """Counts every feature over the tenths of its benign values, in constant memory.

    Args:
        features: The features of the model.
        benign_quantiles: At `clan.detect.quantiles.PROBABILITIES`. Shape `(n_quantiles, n_features)`.
    """

    def __init__(self, features: Sequence[Feature], benign_quantiles: Floats) -> None:
        self._features = tuple(features)
        self._names = [f.name for f in features]
        self._edges = benign_quantiles[_DECILES].T.copy()  # (n_features, 11)
        n_bins = self._edges.shape[1] + 1
        self._expected = np.zeros((len(self._features), n_bins))
        below = _share_up_to(benign_quantiles)  # (n_features, 11)
        self._expected[:, :-1] = np.diff(below, axis=1, prepend=0.0)
        self._counts = np.zeros_like(self._expected)
        self._n_seen = 0
        self._waiting: list[pl.DataFrame] = []
        self._n_waiting = 0

    def update(self, flows: pl.DataFrame) -> None:
        """Look at the next flows; without the columns of the model nothing happens."""
        if not set(self._names) <= set(flows.columns):
            return
        number = self._n_seen + np.arange(flows.height)
        taken = flows.select(pl.col(self._names).cast(pl.Float64)).filter(
            pl.Series((number < EVERY_FLOW) | (number % ONE_IN == 0))
        )
        self._n_seen += flows.height
        self._waiting.append(taken)
        self._n_waiting += taken.height
        while self._n_waiting >= _CHUNK:
            table = pl.concat(self._waiting)
            self._count(table[:_CHUNK])
            self._waiting, self._n_waiting = [table[_CHUNK:]], table.height - _CHUNK

    @property
    def n_features(self) -> int:
        """Features that are looked at."""
        return len(self._features)

    @property
    def n_looked_at(self) -> float:
        """Flows that count; older ones weigh less."""
        return float(self._counts.sum(axis=1).max(initial=0.0))

    def moved(self, least: float = LARGE) -> list[MovedFeature]:
        """Name the features whose index is at least this, the most moved first."""
        total = self._counts.sum(axis=1, keepdims=True)
        n_bins = self._counts.shape[1]
        share, expected = (
            (part + _FLOOR) / (part + _FLOOR).sum(axis=1, keepdims=True)  # the same on both sides, however many flows
            for part in ((self._counts + 0.5 / n_bins) / (total + 0.5), self._expected)
        )
        used = (self._expected > 0).sum(axis=1) + 1
        psi = ((share - expected) * np.log(share / expected)).sum(axis=1)
        psi = np.maximum(psi - used / np.maximum(total[:, 0], 1), 0)
        order = [int(i) for i in np.argsort(-psi, kind="stable") if psi[i] >= least and total[i, 0] >= FEWEST]
        return [
            MovedFeature(
                name=self._features[i].name,
                unit=self._features[i].unit,
                psi=float(psi[i]),
                benign_low=float(self._edges[i, 1]),
                benign_high=float(self._edges[i, 9]),
                below=float(self._counts[i, :2].sum() / total[i, 0]),
                above=float(self._counts[i, 10:].sum() / total[i, 0]),
            )
            for i in order
        ]

    def _count(self, table: pl.DataFrame) -> None:
        values = columns.block(table, self._names, 0, table.height)  # (n, n_features)
        place = np.zeros(values.shape, dtype=np.int64)
        for edge in range(self._edges.shape[1]):
            place += values > self._edges[:, edge]
        n_bins = self._counts.shape[1]
        place += np.arange(values.shape[1]) * n_bins
        known = ~np.isnan(values)
        self._counts += np.bincount(place[known], minlength=self._counts.size).reshape(self._counts.shape)
        if self.n_looked_at > 2 * MEMORY:
            self._counts /= 2


def _share_up_to(benign_quantiles: Floats) -> Floats:
    """Benign share up to each tenth's value: of equal quantiles the last one counts; shape `(n_features, 11)`."""
    tenths = benign_quantiles[_DECILES].T
    shares = np.empty(tenths.shape)
    for feature, edges in enumerate(tenths):  # over columns, once
        last = np.searchsorted(benign_quantiles[:, feature], edges, side="right") - 1
        shares[feature] = PROBABILITIES[last]
    return shares
