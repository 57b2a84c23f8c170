"""ECOD equals PyOD's, row by row; neighbours count as many as asked."""

from __future__ import annotations

import numpy as np
import pytest

from clan.evaluate.rivals.classical import ECOD, Nearest

X = np.random.default_rng(0).gamma(2.0, size=(80, 5)).astype(np.float32)


def test_ecod_equals_pyod_for_one_new_row() -> None:
    pyod = pytest.importorskip("pyod.models.ecod")
    ours, theirs = ECOD(), pyod.ECOD().fit(X)
    ours.fit_rows(X)
    for row in np.random.default_rng(1).gamma(2.0, size=(5, 5)).astype(np.float32):
        assert ours.score_rows(row[None])[0] == pytest.approx(theirs.decision_function(row[None])[0], rel=1e-5)


@pytest.mark.parametrize("k", [1, 5, 500])
def test_distance_is_the_mean_over_the_nearest(k: int) -> None:
    nearest = Nearest(k)
    nearest.fit_rows(X)
    row = np.zeros((1, 5), dtype=np.float32)
    expected = np.sort(np.linalg.norm(X, axis=1))[:k].mean()
    assert nearest.score_rows(row)[0] == pytest.approx(expected, rel=1e-5)
