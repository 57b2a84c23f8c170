"""Observed time is the union of what the flows cover, long silences left out."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clan.calibrate import observed_days

START = datetime(2024, 5, 1)


def table(*spans: tuple[float, float]) -> pl.DataFrame:
    """Flows from minute to minute."""
    return pl.DataFrame(
        {
            "ts_start": [START + timedelta(minutes=a) for a, _ in spans],
            "ts_end": [START + timedelta(minutes=b) for _, b in spans],
        }
    )


def minutes(frame: pl.DataFrame) -> float:
    return (observed_days(frame) or 0.0) * 24 * 60


def test_overlaps_count_once_and_short_gaps_count() -> None:
    assert minutes(table((0, 10), (5, 20), (6, 7))) == pytest.approx(20)
    assert minutes(table((0, 10), (30, 40))) == pytest.approx(40)


def test_a_long_flow_covers_the_silence_beneath_it() -> None:
    assert minutes(table((0, 300), (10, 20), (290, 310))) == pytest.approx(310)


def test_gaps_above_an_hour_are_left_out() -> None:
    assert minutes(table((0, 10), (71, 80))) == pytest.approx(19)
    assert minutes(table((0, 10), (70, 80))) == pytest.approx(80)


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 300)), min_size=1, max_size=12))
def test_equals_a_minute_by_minute_count(spans: list[tuple[int, int]]) -> None:
    flows = [(a, a + length) for a, length in spans]
    covered = {m for a, b in flows for m in range(a, b)}
    ends = sorted(flows)
    reached = ends[0][1]
    for a, b in ends[1:]:
        if 0 < a - reached <= 60:
            covered |= set(range(reached, a))
        reached = max(reached, b)
    assert minutes(table(*flows)) == pytest.approx(len(covered))


def test_no_usable_times_give_none() -> None:
    assert observed_days(pl.DataFrame({"a": [1]})) is None
    assert observed_days(table((5, 5))) is None
    empty = pl.DataFrame(
        {"ts_start": [None], "ts_end": [None]}, schema=dict.fromkeys(["ts_start", "ts_end"], pl.Datetime)
    )
    assert observed_days(empty) is None
