"""Which negatives, and which network: the default with one thing changed at a time, and without training.

CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/studies/negatives.py [--seeds 1]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

from clan.evaluate.rivals import rival

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from benchmarks.quality.studies.choosing import Floats, default_with, study


def untrained(train: Floats, test: Floats, seed: int) -> Floats:
    """Score by the default with an encoder that was never trained."""
    made = rival("random_encoder").make(seed=seed).fit(pl.DataFrame(train))
    return np.asarray(made.anomaly_score(pl.DataFrame(test)), dtype=np.float64)


if __name__ == "__main__":
    study(
        "Negatives and networks",
        {
            "default: uniform or difference, 3 blocks of 128, 400 steps": default_with(),
            "no encoder": default_with("feature_prototypes"),
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
