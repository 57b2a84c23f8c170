"""The interval of counts is that of the beta-binomial law, whatever the number of new flows."""

from __future__ import annotations

import pytest
from scipy.stats import beta, betabinom

from clan.calibrate.interval import alert_interval, rate_interval


@pytest.mark.parametrize("n_new", [1, 7, 900, 16_383, 16_384, 250_000])
@pytest.mark.parametrize(("rank", "n", "inflation"), [(1, 40, 1.0), (25, 2500, 1.0), (25, 2500, 3.5), (400, 500, 1.0)])
def test_it_is_scipys(rank: int, n: int, inflation: float, n_new: int) -> None:
    law = betabinom(n_new, rank / inflation, (n + 1 - rank) / inflation)
    for level in (0.9, 0.99):
        tail = (1 - level) / 2
        assert alert_interval(rank, n, n_new, level, inflation=inflation) == (law.ppf(tail), law.ppf(1 - tail))


def test_a_day_of_a_busy_site_is_summed_once() -> None:
    """The share of the interval's ends in the flows stays that of the rate, for a hundred million flows, too."""
    low, high = alert_interval(25, 2500, 100_000_000)
    assert (round(low / 1e8, 4), round(high / 1e8, 4)) == (0.0065, 0.0143)


def test_ties_lower_the_low_end_alone() -> None:
    """What alerts lies between the laws of two ranks: the high end is the higher's, the low end the lower's."""
    low, high = alert_interval(25, 2500, 100_000, tied=5)
    assert low == betabinom(100_000, 20, 2481).ppf(0.025) < alert_interval(25, 2500, 100_000)[0]
    assert high == alert_interval(25, 2500, 100_000)[1]
    assert alert_interval(3, 2500, 100_000, tied=3)[0] == 0
    assert rate_interval(25, 2500, 0.95, tied=5) == (beta(20, 2481).ppf(0.025), beta(25, 2476).ppf(0.975))
    assert rate_interval(3, 2500, 0.95, tied=3)[0] == 0
