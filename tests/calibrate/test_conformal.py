"""Threshold, p-value and expected counts say the same thing on every row."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from scipy.stats import betabinom

from clan.calibrate import Budget, Calibration, alert_interval, calibrate
from clan.errors import DataError

SCORES = st.lists(st.floats(-50, 50, width=16), min_size=1, max_size=60)


@given(scores=SCORES, new=SCORES, alpha=st.floats(1e-3, 0.999) | st.sampled_from([k / 61 for k in range(1, 61)]))
def test_alert_by_p_value_and_by_threshold_agree_on_every_row(
    scores: list[float], new: list[float], alpha: float
) -> None:
    calibration = Calibration(scores=np.sort(np.array(scores)), alpha=alpha, budget="")
    points = np.concatenate([new, scores, [calibration.threshold], [np.nextafter(calibration.threshold, -np.inf)]])
    points = points[np.isfinite(points)]  # scores are; a threshold that nothing reaches is not
    assert ((calibration.p_value(points) <= alpha) == (points >= calibration.threshold)).all()


@given(scores=SCORES, new=st.floats(-60, 60))
def test_p_value_is_the_share_of_scores_at_least_as_high(scores: list[float], new: float) -> None:
    calibration = Calibration(scores=np.sort(np.array(scores)), alpha=0.5, budget="")
    slow = (1 + sum(score >= new for score in scores)) / (len(scores) + 1)
    assert calibration.p_value([new])[0] == pytest.approx(slow)


def test_alert_counts_follow_the_beta_binomial() -> None:
    generator = np.random.default_rng(0)
    n, n_new, inside = 400, 600, 0
    for _ in range(300):
        calibration = calibrate(generator.normal(size=n), Budget(fpr=0.05))
        alerts = int((generator.normal(size=n_new) >= calibration.threshold).sum())
        low, high = calibration.prediction_interval(n_new)
        inside += low <= alerts <= high
    assert 0.93 * 300 <= inside <= 0.995 * 300


def test_interval_is_that_of_the_beta_binomial_and_widens_with_level() -> None:
    low, high = alert_interval(25, 2500, 2500)
    counts = betabinom(2500, 25, 2476)
    assert counts.cdf(high) - counts.cdf(low - 1) == pytest.approx(0.95, abs=0.02)
    wide = alert_interval(25, 2500, 2500, level=0.999)
    assert wide[0] < low < high < wide[1]
    inflated = alert_interval(25, 2500, 2500, inflation=1.5)
    assert inflated[0] < low < high < inflated[1]
    assert alert_interval(0, 10, 5) == alert_interval(3, 10, 0) == (0, 0)


def test_days_give_alerts_a_day() -> None:
    calibration = calibrate(np.arange(1000.0), Budget(alerts_per_day=5), days=2.0)
    assert calibration.rank == 10
    assert calibration.expected_alerts_per_day == pytest.approx(5, rel=0.01)
    low, high = calibration.alerts_per_day_interval or (0, 0)
    assert low < 5 < high
    assert calibrate(np.arange(1000.0), Budget(fpr=0.01)).alerts_per_day_interval is None


def test_nothing_alerts_when_no_rank_is_allowed() -> None:
    calibration = Calibration(scores=np.arange(5.0), alpha=0.01, budget="")
    assert (calibration.rank, calibration.threshold) == (0, np.inf)
    assert calibration.prediction_interval(1000) == (0, 0)


def test_ties_widen_the_interval_downwards_and_are_inside() -> None:
    generator = np.random.default_rng(2)
    n, inside, tied = 500, 0, 0
    for _ in range(200):
        calibration = calibrate(generator.poisson(3.0, n), Budget(fpr=0.05))
        low, high = calibration.prediction_interval(1000)
        tied += calibration.rank < 25
        inside += low <= int((generator.poisson(3.0, 1000) >= calibration.threshold).sum()) <= high
    assert tied > 150
    assert inside >= 0.93 * 200


def test_another_budget_keeps_the_scores() -> None:
    first = calibrate(np.arange(1000.0), Budget(fpr=0.01), days=2.0)
    second = first.with_budget(Budget(alerts_per_day=50, fdr=0.1))
    assert (second.rank, second.threshold) == (100, calibrate(np.arange(1000.0), Budget(fpr=0.1)).threshold)
    assert (second.budget, second.fdr) == ("50 alerts a day, at most 0.1 of the alerts false", 0.1)
    with pytest.raises(DataError, match="needs at least 9,999 benign flows"):
        first.with_budget(Budget(fpr=0.0001))


def test_bursts_show_in_the_dispersion() -> None:
    scores = np.random.default_rng(3).normal(size=4000)
    order = np.arange(4000)
    assert calibrate(scores, Budget(fpr=0.05), order=order).dispersion < 2
    assert calibrate(np.sort(scores), Budget(fpr=0.05), order=order).dispersion > 20
