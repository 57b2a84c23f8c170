"""A budget becomes a level, or an error that says how many flows it needs."""

from __future__ import annotations

import pytest

from clan.calibrate import Budget
from clan.errors import ConfigError, DataError


def test_levels() -> None:
    assert Budget(fpr=0.02).alpha(1000, None) == 0.02
    assert Budget(alerts_per_day=10).alpha(2000, 4.0) == pytest.approx(0.02)
    assert Budget().alpha(1999, None) == 0.01
    assert Budget().alpha(199, None) == pytest.approx(0.1)  # the default gives way when rows are few
    assert Budget().alpha(4, None) == pytest.approx(0.5)


def test_fewer_flows_than_a_rate_needs_says_how_many() -> None:
    with pytest.raises(
        DataError, match=r"rate of 0.001 needs at least 999 benign flows, found 500; .* ask for 0.002 or more"
    ):
        Budget(fpr=0.001).alpha(500, None)
    assert Budget(fpr=0.001).alpha(999, None) == 0.001
    assert Budget(fpr=0.002).alpha(500, None) == 0.002  # what the message offered


def test_shorter_time_than_a_daily_budget_needs_says_how_many() -> None:
    with pytest.raises(DataError, match=r"1 alert a day needs at least 4,000 benign flows .* \(1 day\), found 1,000"):
        Budget(alerts_per_day=1).alpha(1000, 0.25)
    assert Budget(alerts_per_day=4).alpha(1000, 0.25) == 0.001  # what the message offered


def test_daily_budget_without_times_offers_a_rate() -> None:
    with pytest.raises(DataError, match=r"no usable times; say it \(days\), or give the budget as a false"):
        Budget(alerts_per_day=1).alpha(1000, None)


def test_daily_budget_above_the_number_of_flows() -> None:
    with pytest.raises(DataError, match="500 alerts a day is not below the 100 flows a day"):
        Budget(alerts_per_day=500).alpha(100, 1.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alerts_per_day": 1, "fpr": 0.1}, "not both"),
        ({"alerts_per_day": 0}, "alerts_per_day must be above 0, got 0"),
        ({"alerts_per_day": float("inf")}, "alerts_per_day must be above 0"),
        ({"fpr": 0}, "fpr must be between 0 and 1, got 0"),
        ({"fpr": 1.0}, "fpr must be between 0 and 1"),
    ],
)
def test_values_out_of_range_are_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Budget(**settings)


def test_words() -> None:
    assert [str(Budget(alerts_per_day=10)), str(Budget(fpr=0.5)), str(Budget())] == [
        "10 alerts a day",
        "false-positive rate 0.5",
        "false-positive rate 0.01",
    ]
    assert Budget().told(Budget().alpha(199, None)) == "false-positive rate 0.1"
    assert [Budget().asked, Budget(fpr=0.1).asked] == [False, True]
