"""The short report at the end of a training: what normal is, and whether more of it should be collected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from clan.detect import ClanDetector
from clan.encoder import fit_scaler
from clan.explain.learning_curve import LearningCurve, learning_curve
from clan.explain.normal import NormalCluster, normal_clusters

MOST_ROWS: Final = 20_000
"""Flows that are looked at; a digest needs no more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Learnt:
    """What a detector was taught.

    Attributes:
        clusters: Of normal, the largest first.
        curve: How much more traffic would help; None where the flows are too few to tell.
    """

    clusters: list[NormalCluster]
    curve: LearningCurve | None

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "clusters": [cluster.as_json() for cluster in self.clusters],
            "learning_curve": None if self.curve is None else self.curve.as_json(),
        }


def learnt(detector: ClanDetector, flows: pl.DataFrame, *, seed: int = 0) -> Learnt:
    """Describe what a detector learnt from its training flows.

    Args:
        detector: A fitted detector.
        flows: What it was fitted to, with the columns of its features.
        seed: Of the sample and the clusterings.

    Raises:
        SchemaError: The flows lack a feature of the detector.
    """
    if flows.height > MOST_ROWS:
        flows = flows[np.sort(np.random.default_rng(seed).choice(flows.height, MOST_ROWS, replace=False))]
    values = flows.select(pl.col(f.name).cast(pl.Float64) for f in detector.features_).to_numpy()
    scaled = fit_scaler("signed_log", values).transform(values)  # (n, n_features or more)
    times = flows["ts_start"].dt.timestamp("us") if "ts_start" in flows.columns else None
    order = times.to_numpy() if times is not None and not times.null_count() else None
    return Learnt(
        clusters=normal_clusters(flows, scaled, seed=seed), curve=learning_curve(scaled, order=order, seed=seed)
    )
