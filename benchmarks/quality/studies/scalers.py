"""Which scaler: 256 prototypes among the features, without a network, and plain rivals, on each.

CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/studies/scalers.py [--seeds 1]
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from clan.detect.model import fit_model
from clan.detect.presets import preset
from clan.evaluate.rivals import rival
from clan.evaluate.rivals.base import OnScaledRows

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from benchmarks.quality.studies.choosing import Floats, Scores, study


def prototypes(scaler: str) -> Scores:
    """Score by the feature prototypes of this package."""

    def score(train: Floats, test: Floats, seed: int) -> Floats:
        recipe = replace(preset("default"), scaler=scaler, scorer="feature_prototypes")
        return fit_model(train, recipe, seed=seed).score(test)

    return score


def rival_on(name: str, scaler: str) -> Scores:
    """Score by a rival whose common preprocessing is exchanged."""

    def score(train: Floats, test: Floats, seed: int) -> Floats:
        made = rival(name).make(seed=seed)
        assert isinstance(made, OnScaledRows)
        made.scaler_name = scaler
        scores = made.fit(pl.DataFrame(train)).anomaly_score(pl.DataFrame(test))
        return np.asarray(scores, dtype=np.float64)

    return score


if __name__ == "__main__":
    study(
        "Scalers, fitted on benign rows",
        {
            f"prototypes, {s}": prototypes(s)
            for s in ("zscore", "robust", "signed_log", "quantile_normal", "quantile_tail")
        }
        | {
            f"{name}, {s}": rival_on(name, s)
            for name in ("nearest_neighbour", "mahalanobis", "linear", "isolation_forest", "deep_svdd")
            for s in ("signed_log", "quantile_tail")
        },
    )
