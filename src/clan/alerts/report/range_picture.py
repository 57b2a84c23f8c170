"""The small pictures: a value beside its benign range, and a count beside its interval."""

from __future__ import annotations

import math

from clan.alerts.quantity import count
from clan.alerts.reason import Reason
from clan.alerts.report import svg

_WIDTH, _HEIGHT = 220, 18


def range_picture(reason: Reason) -> str:
    """Draw where a value lies beside the benign range of its feature, on a signed logarithmic scale."""
    low, high, value = (_log(v) for v in (reason.benign_low, reason.benign_high, reason.value))
    start, end = min(low, value), max(high, value)
    span = end - start or 1.0

    def x(v: float) -> float:
        return 8 + (v - start) / span * (_WIDTH - 16)

    middle = _HEIGHT / 2
    style = "out" if reason.distance > 0 else "in"
    return svg.picture(
        _WIDTH,
        _HEIGHT,
        [
            svg.line(4, middle, _WIDTH - 4, middle),
            svg.bar(x(low) - 2, middle - 4, x(high) - x(low) + 4, 8, style="benign", radius=4),
            svg.dot(x(value), middle, 5, style=style),
        ],
        label="The value beside the benign range",
    )


def budget_picture(observed: int, expected: float, interval: tuple[float, float]) -> str:
    """Draw the number of alerts beside the interval that the budget expects."""
    width, height, middle = 460, 66, 30
    low, high = interval
    top = max(high, float(observed), expected, 1.0) * 1.12

    def x(alerts: float) -> float:
        return 14 + alerts / top * (width - 28)

    style = "alert" if observed > high else "benign"
    side = min(max(x(observed), 40), width - 40)
    parts = [
        svg.line(14, middle, width - 14, middle, style="axis"),
        svg.bar(x(low), middle - 8, max(x(high) - x(low), 4), 16, style="band", radius=8),
        svg.line(x(expected), middle - 8, x(expected), middle + 8, style="expected"),
        svg.dot(x(observed), middle, 8, style=style),
        svg.text(side, middle - 15, f"{observed:,} raised", style="mark", anchor="middle"),
        svg.text(
            min(max(x(expected), 76), width - 76),
            middle + 28,
            f"{count(low)} to {count(high)} expected",
            style="title",
            anchor="middle",
        ),
    ]
    return svg.picture(width, height, parts, label="Alerts raised beside the expected interval")


def _log(value: float) -> float:
    value = max(min(value, 1e300), -1e300)
    return math.copysign(math.log1p(abs(value)), value)
