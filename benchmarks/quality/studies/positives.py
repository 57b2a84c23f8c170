"""Which benign flows are a flow's positives: all of them, as published, or those most like it.

CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/studies/positives.py [--seeds 2]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from benchmarks.quality.studies.choosing import default_with, study


def near(n: int, **changes: Any) -> dict[str, Any]:
    """Settings with the n nearest flows of the batch as positives."""
    return {"objective": "clan_near", "objective_params": {"n_near": n}, **changes}


if __name__ == "__main__":
    study(
        "Positives",
        {
            "embedding alone, all positives": default_with("embedding_prototypes"),
            "embedding alone, the 16 nearest": default_with("embedding_prototypes", **near(16)),
            "embedding alone, the 4 nearest": default_with("embedding_prototypes", **near(4)),
            "embedding alone, the nearest": default_with("embedding_prototypes", **near(1)),
            "no embedding": default_with("feature_prototypes"),
            "default: all positives": default_with(),
            "default with the 16 nearest": default_with(**near(16)),
            "default with the 4 nearest": default_with(**near(4)),
            "default with the nearest": default_with(**near(1)),
            "default with the 4 nearest, bound 3": default_with(**near(4, bound=3.0)),
            "default with the 4 nearest, 800 steps": default_with(**near(4, epochs=80, max_steps=800)),
        },
    )
