"""Neighbour distances equal a slow loop, whatever the blocks, and training rows do not meet themselves."""

from __future__ import annotations

import numpy as np
import pytest

from clan.detect.scorers import neighbours
from clan.detect.scorers.neighbours import FeatureNeighbours, NeighbourSpace, distance_to_others

X = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)


@pytest.mark.parametrize("block", [1, 7, 4096])
def test_distances_equal_a_slow_loop(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "BLOCK", block)
    new = np.random.default_rng(1).normal(size=(9, 3)).astype(np.float32)
    slow = [min(((row - other) ** 2).sum() for other in X) for row in new]
    assert NeighbourSpace.fit(X, floor=0.1, weight=1.0, seed=0).distance(new) == pytest.approx(slow, abs=1e-5)
    others = [min(((X[i] - X[j]) ** 2).sum() for j in range(50) if j != i) for i in (0, 7, 49)]
    assert distance_to_others(X, np.array([0, 7, 49])) == pytest.approx(others, abs=1e-5)


def test_level_of_many_rows_is_taken_on_some_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MAX_LEVEL_ROWS", 40)
    some = NeighbourSpace.fit(X, floor=0.1, weight=1.0, seed=0)
    monkeypatch.setattr(neighbours, "MAX_LEVEL_ROWS", 50)
    assert some.level[0] == pytest.approx(NeighbourSpace.fit(X, floor=0.1, weight=1.0, seed=0).level[0], abs=0.5)
    assert len(some.centers) == 50


def test_one_row_is_enough() -> None:
    scorer = FeatureNeighbours.fit(X[:1], X[:1], seed=0)
    assert np.isfinite(scorer.score(X, X)).all()
