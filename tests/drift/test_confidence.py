"""The confidence sequence holds at all times together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clan.drift import rate_sequence


def test_true_rate_is_inside_at_all_times() -> None:
    generator, missed = np.random.default_rng(0), 0
    for _ in range(100):
        counts = np.cumsum(generator.uniform(size=5000) < 0.02)
        looks = range(10, 5000, 50)
        inside = [
            low <= 0.02 <= high for low, high in (rate_sequence(int(counts[n - 1]), n, guess=0.02) for n in looks)
        ]
        missed += not all(inside)
    assert missed <= 9  # of 100 at 5 %; the bound is not tight


@given(st.integers(0, 50), st.integers(1, 5000), st.floats(1e-4, 0.5))
def test_interval_holds_the_observed_rate_and_widens_with_bursts(count: int, n: int, guess: float) -> None:
    count = min(count, n)
    low, high = rate_sequence(count, n, guess=guess)
    assert 0 <= low <= count / n <= high <= 1
    wide = rate_sequence(count, n, guess=guess, dispersion=3.0)
    assert wide[0] <= low + 1e-12
    assert wide[1] >= high - 1e-12


@pytest.mark.parametrize("dispersion", [2.0, 5.0])
def test_bursts_widen_the_interval_by_as_much_as_they_leave_unknown(dispersion: float) -> None:
    """A ratio tempered by d is beyond 1 / error where it is beyond 1 / error^d untempered."""
    tempered = rate_sequence(50, 5000, guess=0.01, dispersion=dispersion)
    assert tempered == pytest.approx(rate_sequence(50, 5000, guess=0.01, level=1 - 0.05**dispersion))
    low, high = rate_sequence(50, 5000, guess=0.01)
    assert tempered[0] < 0.9 * low
    assert tempered[1] > 1.1 * high


def test_nothing_seen_is_everything_possible() -> None:
    assert rate_sequence(0, 0, guess=0.01) == (0, 1)
    assert rate_sequence(10_000, 1_000_000, guess=0.01) == pytest.approx((0.01, 0.01), abs=0.0006)
