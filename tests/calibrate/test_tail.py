"""Beyond the highest score a fitted tail goes on where the ranks end, and says so."""

from __future__ import annotations

import numpy as np
import pytest

from clan.calibrate import Budget, calibrate, fit_tail
from clan.calibrate.tail import LOWEST_FACTOR, MAX_SHAPE


def test_p_values_go_on_without_a_jump_and_never_rise() -> None:
    scores = np.random.default_rng(0).exponential(size=2000)
    calibration = calibrate(scores, Budget(fpr=0.01))
    points = np.concatenate([scores, scores.max() + np.linspace(0, 40, 200)])
    p = calibration.p_value(np.sort(points))
    assert (np.diff(p) <= 0).all()
    lowest = calibration.lowest_p_value()
    assert lowest == 1 / 2001
    assert calibration.p_value([scores.max()])[0] == 2 / 2001  # as many as itself, and the new one
    assert calibration.p_value([np.nextafter(scores.max(), 99)])[0] == pytest.approx(lowest)
    assert p.min() == pytest.approx(LOWEST_FACTOR * lowest)


@pytest.mark.parametrize("shape", ["exponential", "pareto", "normal"])
def test_extrapolated_p_values_are_about_right_or_too_high(shape: str) -> None:
    generator = np.random.default_rng(1)

    def draw(n: int) -> np.ndarray:
        if shape == "pareto":
            return np.asarray(np.log1p(generator.pareto(3.0, n)) * 2)
        return np.asarray(getattr(generator, shape)(size=n))

    ratios = []
    for _ in range(20):
        calibration, new = calibrate(draw(2000), Budget(fpr=0.01)), draw(200_000)
        far = np.quantile(new, 1 - 1e-4)  # five times rarer than the rarest of the calibration
        ratios.append(calibration.p_value([far])[0] / 1e-4)
    assert 0.5 < np.median(ratios) < 5


def test_no_tail_where_there_is_nothing_to_fit_one_to() -> None:
    assert fit_tail(np.arange(20.0)) is None
    assert fit_tail(np.zeros(1000)) is None
    assert fit_tail(np.sort(np.repeat([0.0, 1.0], 500))) is None
    assert calibrate(np.zeros(200), Budget(fpr=0.01)).p_value([5.0])[0] == 1 / 201
    bounded = fit_tail(np.sort(np.random.default_rng(0).uniform(size=5000)))
    assert bounded is not None
    assert bounded.shape == 0  # a tail with an end would call what lies beyond it impossible


def test_a_tail_is_never_heavier_than_one_with_a_mean() -> None:
    heavy = fit_tail(np.sort(np.random.default_rng(0).pareto(0.5, 5000)))
    assert heavy is not None
    assert heavy.shape == MAX_SHAPE
    assert heavy.ratio(np.array([heavy.start + 2 * heavy.scale]), heavy.start)[0] == pytest.approx(2.8 ** (-1 / 0.9))
