"""The mixture's density equals its formula, integrates to one, and finds the directions that there are."""

from __future__ import annotations

import numpy as np
import pytest

from clan.detect.scorers import VMFMixture
from clan.detect.scorers.vmf_mixture import log_constant

Array = np.ndarray


def directions(seed: int, n: int, mean: list[float], noise: float) -> Array:
    z = np.array(mean) + noise * np.random.default_rng(seed).normal(size=(n, len(mean)))
    return (z / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("concentration", [0.5, 3.0, 40.0])
def test_constant_makes_the_density_integrate_to_one(concentration: float) -> None:
    angle = np.linspace(0, 2 * np.pi, 20_001)[:-1]
    density = np.exp(concentration * np.cos(angle) + log_constant(np.array([concentration]), 2)[0])
    assert density.mean() * 2 * np.pi == pytest.approx(1, rel=1e-6)


def test_score_is_the_negative_log_likelihood_above_the_level() -> None:
    mixture = VMFMixture(
        means=np.array([[2, 0, 0], [0, 5, 0]], dtype=np.float32),
        offsets=np.array([-1, -2], dtype=np.float32),
        level=np.array([0.5], dtype=np.float32),
    )
    z = np.array([[0.6, 0.8, 0.0]], dtype=np.float32)
    expected = -np.log(np.exp(2 * 0.6 - 1) + np.exp(5 * 0.8 - 2)) - 0.5
    assert mixture.score(z, z) == pytest.approx([expected], rel=1e-5)


def test_finds_two_directions_and_the_emptiness_between() -> None:
    z = np.concatenate([directions(0, 300, [1, 0, 0, 0], 0.05), directions(1, 300, [0, 1, 0, 0], 0.05)])
    mixture = VMFMixture.fit(z, z, seed=0)
    between, near = directions(2, 50, [1, 1, 0, 0], 0.05), directions(3, 50, [0, 1, 0, 0], 0.05)
    assert mixture.score(between, between).min() > mixture.score(near, near).max()
    assert (mixture.score(between, between) > 0).all()


def test_rows_that_are_all_the_same_are_finite() -> None:
    z = np.tile(np.array([[1, 0, 0]], dtype=np.float32), (100, 1))
    mixture = VMFMixture.fit(z, z, seed=0)
    assert np.isfinite(mixture.score(z, z)).all()
    assert (mixture.score(-z, -z) > mixture.score(z, z)).all()
