"""Values beside the range that their features have in benign traffic, each feature by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from clan.alerts import BENIGN_HIGH, BENIGN_LOW, Reason
from clan.detect import BenignScale
from clan.schema import Feature

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranges:
    """The benign ranges of a model's features.

    Attributes:
        features: Length `n_features`.
        low: Where each range begins. Shape `(n_features,)`, NaN where benign traffic could not tell the feature.
        high: Where it ends.
        clauses: What each feature is, in words.
    """

    features: Sequence[Feature]
    low: Floats
    high: Floats
    clauses: Sequence[str]

    @classmethod
    def of(cls, scale: BenignScale, features: Sequence[Feature]) -> Self:
        """Take the ranges from the quantiles."""
        return cls(
            features=features,
            low=scale.quantile(BENIGN_LOW),
            high=scale.quantile(BENIGN_HIGH),
            clauses=[feature.clause for feature in features],
        )

    def beside(self, scale: BenignScale, values: Floats) -> Beside:
        """Compare flows of shape `(n, n_features)` with the ranges."""
        distance, quantile = scale.outside(values, self.low, self.high), scale.quantile_of(values)
        rank = np.where(distance > 0, 1.0 + distance, np.abs(2.0 * quantile - 1.0))
        known = ~np.isnan(values) & ~np.isnan(self.low)
        return Beside(
            ranges=self, values=values, distance=distance, quantile=quantile, rank=np.where(known, rank, -1.0)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Beside:
    """Flows beside the ranges. All arrays have shape `(n, n_features)`.

    Attributes:
        ranges: What they were compared with.
        values: The flows.
        distance: How far outside, in spreads; 0 inside and where unknown.
        quantile: Share of benign flows below.
        rank: How unusual: features outside the range by distance, from 1 on, then those inside by how extreme their
            quantile is; -1 where nothing is known.
    """

    ranges: Ranges
    values: Floats
    distance: Floats
    quantile: Floats
    rank: Floats

    def farthest(self, row: int, most: int) -> list[int]:
        """Give the columns that are farthest from their range, of those that are known."""
        order = np.argsort(-self.rank[row], kind="stable")[:most]
        return [int(column) for column in order if self.rank[row, column] >= 0]

    def reason(
        self,
        row: int,
        column: int,
        *,
        normal: float | None = None,
        family: tuple[str, ...] = (),
        drop: float | None = None,
    ) -> Reason:
        """Write down one column of one flow."""
        feature = self.ranges.features[column]
        return Reason(
            feature=feature.name,
            value=float(self.values[row, column]),
            unit=feature.unit,
            benign_quantile=float(self.quantile[row, column]),
            benign_low=float(self.ranges.low[column]),
            benign_high=float(self.ranges.high[column]),
            distance=float(self.distance[row, column]),
            meaning=self.ranges.clauses[column],
            normal_value=normal,
            family=family,
            drop=drop,
        )
