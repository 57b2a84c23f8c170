"""What chance adds to the index of a feature is taken off."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from clan.detect.quantiles import benign_quantiles
from clan.drift.features import FeatureDrift
from clan.schema import table_feature

NAMES = [f"f{i}" for i in range(40)]


def index(n: int, shift: float = 0.0) -> float:
    """Mean index of forty features after so many flows."""
    generator = np.random.default_rng(0)
    drift = FeatureDrift(
        [table_feature(name) for name in NAMES], benign_quantiles(generator.normal(size=(50_000, len(NAMES))))
    )
    drift.update(pl.DataFrame(generator.normal(size=(n, len(NAMES))) + shift, schema=NAMES))
    moved = drift.moved(least=0.0)
    assert len(moved) == len(NAMES)
    return float(np.mean([f.psi for f in moved]))


@pytest.mark.parametrize("shift", [0.0, 0.2])
def test_the_index_does_not_hang_on_how_many_flows_there_are(shift: float) -> None:
    """Chance alone adds about 10 / n: a hundredth for 1,024 flows, a thousandth for 8,192."""
    assert (index(8192, shift) < 0.002) == (shift == 0)
    assert index(1024, shift) == pytest.approx(index(8192, shift), abs=0.003)
