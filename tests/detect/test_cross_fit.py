"""Rows are held out in turn: what a model learns from is what was chosen, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from clan.detect.cross_fit import cross_fit
from clan.detect.model import fit_model
from clan.detect.presets import preset

RECIPE = preset("default").changed(scorer=None, train={"epochs": 2, "width": 16})
ONE, TWO = ["table"] * 6, ["flow"] * 4 + ["context"] * 2


def rows(n: int) -> np.ndarray:
    return np.random.default_rng(0).lognormal(size=(n, 6))


@pytest.mark.parametrize("groups", [ONE, TWO])
def test_a_model_of_chosen_rows_is_the_model_of_these_alone(groups: list[str]) -> None:
    values = rows(300)
    learn = np.arange(300) % 3 > 0
    chosen = fit_model(values, RECIPE, seed=1, groups=groups, learn=learn)
    alone = fit_model(values[learn], RECIPE, seed=1, groups=groups)
    np.testing.assert_array_equal(chosen.part_scores(values), alone.part_scores(values))


@pytest.mark.parametrize("groups", [ONE, TWO])
def test_a_row_has_no_say_in_its_own_score(groups: list[str]) -> None:
    values, folds = rows(200), np.arange(200) % 4
    changed = values.copy()
    changed[folds == 2] *= 50.0
    before = fit_model(values, RECIPE, seed=0, groups=groups, learn=folds != 2)
    after = fit_model(changed, RECIPE, seed=0, groups=groups, learn=folds != 2)
    np.testing.assert_array_equal(before.part_scores(values), after.part_scores(values))


def test_what_nothing_is_learnt_from_is_scored_all_the_same() -> None:
    values, folds = rows(200), np.arange(200) % 4
    learn = np.arange(200) >= 20
    _, scores = cross_fit(values, folds, RECIPE, seed=0, learn=learn)
    assert np.isfinite(scores).all()
    spoilt = values.copy()
    spoilt[~learn] *= 50.0
    _, others = cross_fit(spoilt, folds, RECIPE, seed=0, learn=learn)
    np.testing.assert_array_equal(scores[learn], others[learn])
    assert (scores[~learn] != others[~learn]).any()
