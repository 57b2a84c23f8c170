"""Metrics equal slow counts and scikit-learn, and a score that points the wrong way is not turned round."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from clan.errors import ConfigError, DataError
from clan.evaluate import (
    alerts_a_day,
    auprc,
    auroc,
    auroc_by_class,
    can_tell,
    macro,
    precision_at_prevalence,
    threshold_at_fpr,
    tpr_at_fpr,
)

SCORES = st.lists(st.integers(-5, 5), min_size=1, max_size=30)


@given(benign=SCORES, attack=SCORES)
def test_auroc_is_the_share_of_pairs_in_order(benign: list[int], attack: list[int]) -> None:
    pairs = [(a > b) + 0.5 * (a == b) for a in attack for b in benign]
    assert auroc(benign, attack) == pytest.approx(np.mean(pairs))
    assert auroc(benign, attack) == pytest.approx(1 - auroc(attack, benign))


@given(benign=SCORES, attack=SCORES)
def test_areas_are_those_of_scikit_learn(benign: list[int], attack: list[int]) -> None:
    truth, scores = [0] * len(benign) + [1] * len(attack), benign + attack
    assert auroc(benign, attack) == pytest.approx(roc_auc_score(truth, scores))
    assert auprc(benign, attack) == pytest.approx(average_precision_score(truth, scores))


@given(benign=SCORES, attack=SCORES, fpr=st.sampled_from([0.0, 0.1, 0.5]))
def test_recall_is_taken_at_a_threshold_within_the_rate(benign: list[int], attack: list[int], fpr: float) -> None:
    found = tpr_at_fpr(benign, attack, fpr)
    thresholds = [t for t in range(-6, 7) if np.mean(np.array(benign) > t) <= fpr]
    assert found == pytest.approx(np.mean(np.array(attack) > min(thresholds)))
    assert np.mean(np.array(benign) > threshold_at_fpr(benign, fpr)) <= fpr


@given(benign=SCORES, attack=SCORES, fpr=st.sampled_from([0.0, 0.1, 0.5]))
def test_recall_is_the_highest_that_scikit_learns_curve_has_within_the_rate(
    benign: list[int], attack: list[int], fpr: float
) -> None:
    truth = [0] * len(benign) + [1] * len(attack)
    false, true, _ = roc_curve(truth, benign + attack, drop_intermediate=False)
    assert tpr_at_fpr(benign, attack, fpr) == pytest.approx(true[false <= fpr + 1e-12].max())


def test_classes_are_each_compared_with_all_benign_rows() -> None:
    by_class = auroc_by_class([0, 1, 2, 3, -1], ["ok", "ok", "up", "up", "down"], benign="ok")
    assert by_class == {"up": 1.0, "down": 0.0}
    assert macro(by_class) == 0.5


def test_recall_is_told_only_where_enough_false_positives_are_expected() -> None:
    assert [can_tell(n, 0.001) for n in (19_999, 20_000)] == [False, True]
    assert can_tell(2_000, 0.01)


@given(recall=st.floats(0.01, 1), fpr=st.floats(0.0001, 0.5), prevalence=st.sampled_from([0.5, 0.01, 0.0001]))
def test_precision_is_what_a_population_of_that_prevalence_would_show(
    recall: float, fpr: float, prevalence: float
) -> None:
    attacks = 1e9 * prevalence
    flagged, false = attacks * recall, (1e9 - attacks) * fpr
    assert precision_at_prevalence(recall, fpr, prevalence) == pytest.approx(flagged / (flagged + false))


def test_precision_of_nothing_is_unknown_and_prevalence_is_a_share() -> None:
    assert precision_at_prevalence(0.0, 0.0, 0.01) is None
    assert precision_at_prevalence(0.5, 0.0, 0.01) == 1.0
    with pytest.raises(ConfigError, match="prevalence must be between 0 and 1, got 1"):
        precision_at_prevalence(0.5, 0.1, 1)
    assert alerts_a_day(0.01, 1_000) == 10


def test_nothing_to_compare_is_an_error() -> None:
    with pytest.raises(DataError, match="no benign scores"):
        auroc([], [1])
    with pytest.raises(DataError, match="no attack scores"):
        tpr_at_fpr([1], [])
    with pytest.raises(DataError, match="1 of 2 attack scores are NaN"):
        auprc([1], [1, math.nan])
