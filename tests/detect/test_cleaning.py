"""Cleaning sets the least usual training rows aside, groups of attacks among them, and the budget holds."""

from __future__ import annotations

import numpy as np
import pytest

from clan import ClanDetector
from clan.detect.cleaning import CROWD, crowd_distance, outlying_rows
from clan.errors import ConfigError


def rows(n_attacks: int = 8, n: int = 500) -> np.ndarray:
    """Benign rows around 0, and attacks that are alike."""
    generator = np.random.default_rng(0)
    attacks = generator.normal(40.0, 0.01, size=(n_attacks, 4))
    return np.concatenate([generator.normal(size=(n, 4)), attacks])


def test_distance_equals_a_slow_search() -> None:
    x = rows(8, 92).astype(np.float32)
    distance = ((x[:, None].astype(np.float64) - x[None]) ** 2).sum(axis=2)
    expected = np.sort(distance, axis=1)[:, int(CROWD * 100)]
    assert crowd_distance(x, seed=3) == pytest.approx(expected, rel=1e-3, abs=1e-2)


def test_attacks_that_vouch_for_each_other_are_found_all_the_same() -> None:
    values = rows()
    outlying = outlying_rows(values, 0.05, seed=0)
    assert outlying[500:].all()
    assert outlying.sum() == int(0.05 * len(values))
    assert not outlying_rows(values, 0.0, seed=0).any()
    assert not outlying_rows(np.ones((50, 3)), 0.1, seed=0).any()


def test_a_detector_that_cleans_finds_what_hid_in_its_training_rows() -> None:
    dirty, attack, benign = rows(), rows()[-1:] + 0.005, np.random.default_rng(1).normal(size=(2000, 4))
    plain, clean = (
        ClanDetector(scorer="feature_prototypes", clean=share, fpr=0.05, random_state=0).fit(dirty)
        for share in (0.0, 0.05)
    )
    assert (plain.p_value(attack) > 0.05).all()
    assert (clean.p_value(attack) <= 0.05).all()
    assert (clean.predict(benign) == -1).mean() < 0.07
    assert (plain.manifest_["training"]["set_aside"], clean.manifest_["training"]["set_aside"]) == (0, 25)
    assert clean.manifest_["calibration"]["rows"] == 508


@pytest.mark.parametrize("share", [-0.1, 0.5, float("nan")])
def test_a_share_that_cannot_be(share: float) -> None:
    with pytest.raises(ConfigError, match=r"clean must be in \[0, 0\.5\)"):
        ClanDetector(clean=share).fit(rows())
