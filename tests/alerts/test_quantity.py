"""Numbers keep four digits and find the unit that keeps them short."""

from __future__ import annotations

import math

import pytest

from clan.alerts.quantity import compact, number, quantity


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "packets", "0 packets"),
        (1_500.0, "us", "1.5 ms"),
        (999.0, "us", "999 us"),
        (7.2e9, "us", "2 h"),
        (-1.0, "bytes", "-1 bytes"),
        (1_460.0, "bytes", "1,460 bytes"),
        (3.25e9, "bytes/s", "3.25 GB/s"),
        (4e12, "bytes^2", "4e+12 bytes^2"),
        (math.inf, "us", "inf us"),
        (0.5, "", "0.5"),
        (2_500.5, "", "2,500"),  # half to even
        (-2_501.5, "packets", "-2,502 packets"),
        (999.9999, "bytes", "1,000 bytes"),
        (1e9, "bytes/s", "1 GB/s"),
        (-7e6, "us", "-7 s"),
        (1.0, "indicator", "yes"),
        (0.25, "share", "0.25"),
        (math.nan, "bytes", "nan bytes"),
    ],
)
def test_quantity_reads_well(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


def test_numbers_are_rounded_to_four_digits() -> None:
    assert [number(x) for x in (1234.567, 12.34567, 0.00012345, 1e-7)] == ["1,235", "12.35", "0.0001234", "1e-07"]


def test_axis_counts_are_compact() -> None:
    assert [compact(x) for x in (0, 1, 1_000, 1_500, 3e9)] == ["0", "1", "1k", "1.5k", "3G"]
