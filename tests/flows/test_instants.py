"""Times as text are read as the standard library reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clan.flows import read_times

zones = st.timezones().map(lambda zone: zone)


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)), st.integers(-1439, 1439))
@settings(max_examples=200)
def test_any_time_in_any_zone(when: datetime, minutes: int) -> None:
    sign, hours, rest = "-" if minutes < 0 else "+", *divmod(abs(minutes), 60)
    texts = [f"{when.isoformat(timespec='microseconds')}{sign}{hours:02}{colon}{rest:02}" for colon in ("", ":")]
    expected = (
        round((when.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() - minutes * 60) * 10**6
    )
    found = read_times(pl.Series(texts)).to_list()
    assert found[0] == found[1]
    delta = when.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    exact = (delta.days * 86400 + delta.seconds - minutes * 60) * 10**6 + delta.microseconds
    assert found[0] == exact
    assert abs(exact - expected) <= 10**6


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("1970-01-01T00:00:01Z", 10**6),
        ("1970-01-01 00:00:00.5", 500_000),
        ("1970/01/01 00:00:00.1234567", 123_456),
        ("1970-01-01T01:00:00+01", 0),
        ("2016-12-31T23:59:60Z", 1_483_228_800 * 10**6),
    ],
)
def test_forms(text: str, us: int) -> None:
    assert read_times(pl.Series([text])).item() == us


@pytest.mark.parametrize(
    "text",
    [None, "", "soon", "1970-13-01T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:00", "1970-01-01T00:00:00+1",
     "1970-01-01T00:00:00 ", "1970-01-01T00:00:00+25:00", "1970-01-01X00:00:00", "1970-01/01T00:00:00", "x" * 30],
)  # fmt: skip
def test_what_is_no_time(text: str | None) -> None:
    assert read_times(pl.Series([text], dtype=pl.String())).item() is None


def test_nothing() -> None:
    assert read_times(pl.Series([], dtype=pl.String())).to_list() == []
