"""Which negatives, and which network: the default with one thing changed at a time, and without training.

CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/studies/negatives.py [--seeds 1]
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from clan.detect.model import fit_model
from clan.detect.presets import preset
from clan.evaluate.rivals import rival

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from benchmarks.quality.studies.choosing import Floats, Scores, study


def default_with(**changes: Any) -> Scores:
    """Score by the default model with other training settings."""

    def score(train: Floats, test: Floats, seed: int) -> Floats:
        recipe = preset("default")
        return fit_model(train, replace(recipe, train=replace(recipe.train, **changes)), seed=seed).score(test)

    return score


def features_only(train: Floats, test: Floats, seed: int) -> Floats:
    """Score by the prototypes among the features."""
    return fit_model(train, replace(preset("default"), scorer="feature_prototypes"), seed=seed).score(test)


def untrained(train: Floats, test: Floats, seed: int) -> Floats:
    """Score by the default with an encoder that was never trained."""
    made = rival("random_encoder").make(seed=seed).fit(pl.DataFrame(train))
    return np.asarray(made.anomaly_score(pl.DataFrame(test)), dtype=np.float64)


if __name__ == "__main__":
    study(
        "Negatives and networks",
        {
            "default: uniform or difference, 3 blocks of 128, 400 steps": default_with(),
            "no encoder": features_only,
            "encoder never trained": untrained,
            "uniform": default_with(augmentation="uniform"),
            "difference": default_with(augmentation="difference"),
            "uniform, difference or marginal": default_with(augmentation="uniform|difference|marginal"),
            "difference of resampled": default_with(augmentation="uniform+difference"),
            "resampled with p = 0.2": default_with(probability=0.2),
            "2 blocks": default_with(n_blocks=2),
            "200 steps": default_with(max_steps=200),
            "1,000 steps": default_with(max_steps=1000, epochs=100),
        },
    )
