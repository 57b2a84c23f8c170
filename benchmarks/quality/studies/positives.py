"""Which benign flows are a flow's positives: all of them, as published, or those most like it.

CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/studies/positives.py [--seeds 2]
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from clan.detect.model import fit_model
from clan.detect.presets import preset

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from benchmarks.quality.studies.choosing import Floats, Scores, study


def trained(scorer: str = "prototypes", **changes: Any) -> Scores:
    """Score by the default with another scorer or other settings of the training."""

    def score(train: Floats, test: Floats, seed: int) -> Floats:
        recipe = preset("default")
        changed = replace(recipe, scorer=scorer, train=replace(recipe.train, **changes))
        return fit_model(train, changed, seed=seed).score(test)

    return score


def near(n: int, **changes: Any) -> dict[str, Any]:
    """Settings with the n nearest flows of the batch as positives."""
    return {"objective": "clan_near", "objective_params": {"n_near": n}, **changes}


if __name__ == "__main__":
    study(
        "Positives",
        {
            "embedding alone, all positives": trained("embedding_prototypes"),
            "embedding alone, the 16 nearest": trained("embedding_prototypes", **near(16)),
            "embedding alone, the 4 nearest": trained("embedding_prototypes", **near(4)),
            "embedding alone, the nearest": trained("embedding_prototypes", **near(1)),
            "no embedding": trained("feature_prototypes"),
            "default: all positives": trained(),
            "default with the 16 nearest": trained(**near(16)),
            "default with the 4 nearest": trained(**near(4)),
            "default with the nearest": trained(**near(1)),
            "default with the 4 nearest, bound 3": trained(**near(4, bound=3.0)),
            "default with the 4 nearest, 800 steps": trained(**near(4, epochs=80, max_steps=800)),
        },
    )
