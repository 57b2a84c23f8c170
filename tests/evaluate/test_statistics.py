"""Intervals and tests over seeds are SciPy's, and what cannot be told is None rather than a warning."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from clan.errors import DataError
from clan.evaluate import holm, paired, summarise

RUNS = np.random.default_rng(0).normal(0.97, 0.01, 10)


def test_interval_is_students() -> None:
    found = summarise(RUNS)
    expected = stats.ttest_1samp(RUNS, 0).confidence_interval(0.95)
    assert found.t_interval == pytest.approx((expected.low, expected.high))
    assert found.n == 10
    assert [found.mean, found.sd] == pytest.approx([RUNS.mean(), RUNS.std(ddof=1)])


def test_bootstrap_is_that_of_scipy_within_its_noise() -> None:
    expected = stats.bootstrap((RUNS,), np.mean, method="percentile", rng=1).confidence_interval
    assert summarise(RUNS).bootstrap_interval == pytest.approx((expected.low, expected.high), abs=0.001)
    assert summarise(RUNS) == summarise(RUNS)


def test_intervals_cover_the_mean_as_often_as_they_say() -> None:
    draws = np.random.default_rng(1).normal(size=(400, 6))
    intervals = [summarise(draw).t_interval or (0.0, 0.0) for draw in draws]
    assert np.mean([low <= 0 <= high for low, high in intervals]) == pytest.approx(0.95, abs=0.04)


def test_pairs_are_compared_by_scipys_tests() -> None:
    other = RUNS - np.random.default_rng(2).normal(0.005, 0.004, 10)
    found = paired(RUNS, other)
    expected = stats.ttest_rel(RUNS, other)
    assert found.t_p == pytest.approx(expected.pvalue)
    assert found.t_interval == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert found.wilcoxon_p == pytest.approx(stats.wilcoxon(RUNS, other).pvalue)
    assert found.difference == pytest.approx((RUNS - other).mean())


def test_what_cannot_be_told_is_none() -> None:
    assert summarise([0.5]) == summarise(np.array([0.5]))
    assert summarise([0.5]).t_interval is None
    one, same, shifted = paired([0.5], [0.4]), paired(RUNS, RUNS), paired(RUNS + 0.25, RUNS)
    assert (one.t_interval, one.t_p, one.wilcoxon_p) == (None, None, None)
    assert (same.difference, same.t_p, same.wilcoxon_p) == (0.0, None, None)
    assert shifted.t_p is None
    assert shifted.wilcoxon_p == pytest.approx(stats.wilcoxon(np.full(10, 0.25)).pvalue)


def test_correction_is_holms() -> None:
    assert holm({"a": 0.04, "b": 0.001, "c": None, "d": 0.03}) == {
        "a": pytest.approx(0.06),
        "b": pytest.approx(0.003),
        "c": None,
        "d": pytest.approx(0.06),
    }
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


def test_runs_without_a_partner_or_a_figure_are_refused() -> None:
    with pytest.raises(DataError, match="2 against 1"):
        paired([1.0, 2.0], [1.0])
    with pytest.raises(DataError, match="one finite figure for each run"):
        summarise([])
    with pytest.raises(DataError, match="one finite figure"):
        summarise([0.5, np.nan])
