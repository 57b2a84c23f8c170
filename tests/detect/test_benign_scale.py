"""Distances count in how many features two flows differ, and the nearest are the nearest."""

from __future__ import annotations

import numpy as np
import pytest

from clan.detect import BenignScale
from clan.detect.benign_scale import CAP
from clan.detect.quantiles import PROBABILITIES, benign_quantiles


@pytest.fixture(scope="module")
def benign() -> np.ndarray:
    values = np.random.default_rng(0).lognormal(2, 1, (400, 6))
    values[::7, 2] = np.nan
    return values


@pytest.fixture(scope="module")
def scale(benign: np.ndarray) -> BenignScale:
    return BenignScale.of(benign_quantiles(benign), PROBABILITIES)


def slow_distance(scale: BenignScale, one: np.ndarray, other: np.ndarray) -> float:
    """The definition, a feature at a time."""
    total = 0.0
    for a, b in zip(scale.transform(one[None])[0], scale.transform(other[None])[0], strict=True):
        if np.isnan(a) or np.isnan(b):
            total += 0.0 if np.isnan(a) and np.isnan(b) else CAP
        else:
            total += min(abs(a - b), CAP)
    return total


def test_nearest_agrees_with_the_definition(benign: np.ndarray, scale: BenignScale) -> None:
    flows = benign[:20] * np.random.default_rng(1).lognormal(0, 2, (20, 6))
    found = scale.nearest(flows, benign, 3)
    for flow, rows in zip(flows, found, strict=True):
        distances = np.array([slow_distance(scale, flow, other) for other in benign])
        assert distances[rows] == pytest.approx(np.sort(distances)[:3], abs=1e-4)


def test_what_is_not_allowed_comes_last(benign: np.ndarray, scale: BenignScale) -> None:
    allowed = np.zeros((1, len(benign)), dtype=np.bool_)
    allowed[0, 5] = True
    assert scale.nearest(benign[:1], benign, 2, allowed=allowed)[0].tolist()[0] == 5


def test_one_far_feature_counts_no_more_than_the_cap(benign: np.ndarray, scale: BenignScale) -> None:
    far = benign[1].copy()
    far[0] = 1e300
    assert slow_distance(scale, far, benign[1]) == CAP
    assert scale.nearest(far[None], benign, 1)[0, 0] == 1


def test_fewer_others_than_asked_for(benign: np.ndarray, scale: BenignScale) -> None:
    assert scale.nearest(benign[:2], benign[:2], 5).shape == (2, 2)
    assert scale.nearest(benign[:0], benign, 5).shape == (0, 5)
