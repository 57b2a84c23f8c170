"""Ticks are round, inside the axis, and few."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clan.alerts.report.axis import decades, duration_name, root_ticks, ticks, time_step, time_ticks, whole_ticks


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_ticks_lie_inside_and_are_few(low: float, span: float) -> None:
    found = ticks(low, low + span, 6)
    slack = 1e-6 * (abs(low) + span)
    assert len(found) <= 8
    assert all(low - slack <= t <= low + span + slack for t in found)


def test_equal_ends_have_one_tick() -> None:
    assert ticks(2.0, 2.0) == [2.0]


@given(st.floats(0, 1e7))
def test_count_ticks_are_whole_rise_and_start_at_zero(high: float) -> None:
    for found in (whole_ticks(high), root_ticks(high)):
        assert found[0] == 0
        assert found == sorted(set(found))
        assert all(t == int(t) for t in found)
        assert len(found) <= 12


def test_decades_thin_out() -> None:
    assert decades(5_000) == [1.0, 10.0, 100.0, 1_000.0]
    assert len(decades(1e12)) <= 7


@given(st.floats(0, 4e9), st.integers(5, 100))
def test_time_step_keeps_the_number_of_spans(span: float, most: int) -> None:
    assert span / time_step(span, most) <= most


@pytest.mark.parametrize(
    ("seconds", "name"), [(1, "1 s"), (90, "90 s"), (600, "10 min"), (7200, "2 h"), (604_800, "7 d")]
)
def test_durations_have_short_names(seconds: int, name: str) -> None:
    assert duration_name(seconds) == name


def test_time_ticks_name_the_date_once_a_day() -> None:
    day = 1_709_596_800  # 2024-03-05 00:00 UTC
    found = time_ticks(day + 18 * 3600, day + 34 * 3600)
    assert [words for _, words, _ in found][:3] == ["18:00", "20:00", "22:00"]
    assert [second for _, _, second in found if second] == ["2024-03-05", "2024-03-06"]


def test_long_spans_have_dates_with_the_year_below() -> None:
    found = time_ticks(1_703_000_000, 1_706_000_000)
    assert found[0][1].startswith("Dec")
    assert [second for _, _, second in found if second] == ["2023", "2024"]
