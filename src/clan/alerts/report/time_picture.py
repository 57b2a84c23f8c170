"""The picture of alerts over time beside the rate that the budget expects."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import pdtrik

from clan.alerts.quantity import compact, number
from clan.alerts.report import svg
from clan.alerts.report.axis import duration_name, root_ticks, time_step, time_ticks, whole_ticks
from clan.counted import counted

_WIDTH, _HEIGHT = 1080, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 34, 46
_BINS = 96
_WIDEST_BAR = 26.0
_BURST = 8


@dataclass(frozen=True)
class _Counts:
    """Alerts, and what is expected of them, by equal spans of time; the arrays have shape `(n_spans,)`."""

    start_s: float
    step_s: int
    alerts: npt.NDArray[np.int64]
    expected: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]


def time_picture(start_s: npt.NDArray[np.float64], alert: npt.NDArray[np.bool_], expected: float) -> str:
    """Draw the alerts over time; the band is where 99 % of the counts of benign traffic lie.

    The expected alerts are spread over the spans in proportion to the flows of each, and the band is that of a Poisson
    count: it takes alerts to come singly, so a burst from one cause rises above it, as it should.

    Args:
        start_s: Start of each flow in seconds since 1970, NaN where it has none. Shape `(n_flows,)`.
        alert: Whether each flow is an alert. Shape `(n_flows,)`.
        expected: Alerts that the budget expects in all, >= 0.

    Returns:
        An SVG element.
    """
    timed = np.isfinite(start_s)
    if not timed.any():
        return svg.blank(_WIDTH, _HEIGHT, "This source has no times")
    counts = _count(start_s[timed], alert[timed], expected * float(timed.mean()))
    end_s = counts.start_s + counts.step_s * len(counts.alerts)
    high = float(max(counts.alerts.max(), counts.upper.max(), 1)) * 1.08
    burst = high > _BURST * max(float(counts.upper.max()), 1.0)  # a linear axis would flatten the budget to nothing
    floor = _HEIGHT - _BOTTOM

    def x(second: float) -> float:
        return _LEFT + (second - counts.start_s) / (end_s - counts.start_s) * (_WIDTH - _LEFT - _RIGHT)

    def y(count: float) -> float:
        return floor - (math.sqrt(count / high) if burst else count / high) * (floor - _TOP)

    edges = [x(counts.start_s + i * counts.step_s) for i in range(len(counts.alerts) + 1)]
    parts = [
        svg.area([(edges[0], floor), *_stairs(edges, [y(u) for u in counts.upper]), (edges[-1], floor)], style="band")
    ]
    for tick in root_ticks(high) if burst else whole_ticks(high):
        parts += [
            svg.line(_LEFT, y(tick), _WIDTH - _RIGHT, y(tick)),
            svg.text(_LEFT - 7, y(tick) + 4, compact(tick), anchor="end"),
        ]
    width = min(edges[1] - edges[0] - 1.5, _WIDEST_BAR)
    for i in np.flatnonzero(counts.alerts):
        count = int(counts.alerts[i])
        middle = (edges[i] + edges[i + 1]) / 2
        tip = f"{counted(count, 'alert')}, {number(float(counts.expected[i]))} expected"
        style = "alert" if count > counts.upper[i] else "usual"
        parts.append(svg.bar(middle - width / 2, y(count), width, floor - y(count), style=style, tip=tip))
    parts.append(svg.path(_stairs(edges, [y(e) for e in counts.expected]), style="expected"))
    parts.append(svg.line(_LEFT, floor, _WIDTH - _RIGHT, floor, style="axis"))
    margin = 0.02 * (end_s - counts.start_s)  # words at the very ends would be cut
    for second, words, below in time_ticks(counts.start_s + margin, end_s - margin):
        parts += [
            svg.line(x(second), floor, x(second), floor + 4, style="axis"),
            svg.text(x(second), floor + 17, words, anchor="middle"),
            svg.text(x(second), floor + 33, below, style="title", anchor="middle"),
        ]
    parts.append(
        svg.text(
            4, 14, f"alerts per {duration_name(counts.step_s)}{' (square-root axis)' if burst else ''}", style="title"
        )
    )
    parts.append(svg.text(_WIDTH - _RIGHT, _HEIGHT - 12, "UTC", style="title", anchor="end"))
    return svg.picture(_WIDTH, _HEIGHT, parts + _legend(), label="Alerts over time, with the expected rate")


def _count(start_s: npt.NDArray[np.float64], alert: npt.NDArray[np.bool_], expected: float) -> _Counts:
    step = time_step(float(start_s.max() - start_s.min()), _BINS)
    first = np.floor(start_s.min() / step)
    place = (np.floor(start_s / step) - first).astype(np.int64)
    spans = int(place.max()) + 1
    flows = np.bincount(place, minlength=spans)
    share = expected * flows / flows.sum()
    return _Counts(
        start_s=float(first * step),
        step_s=step,
        alerts=np.bincount(place[alert], minlength=spans),
        expected=share,
        upper=_poisson_quantile(0.99, share),
    )


def _poisson_quantile(probability: float, mean: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Find the smallest counts that Poisson variables stay within; scipy.stats would take a second to import."""
    never = np.exp(-mean) >= probability  # the inverse has no answer where 0 alone is likely enough
    return np.where(never, 0.0, np.ceil(pdtrik(probability, np.where(never, 1.0, mean))))


def _stairs(edges: list[float], heights: list[float]) -> list[tuple[float, float]]:
    return [point for i, h in enumerate(heights) for point in ((edges[i], h), (edges[i + 1], h))]


def _legend() -> list[str]:
    entries = (
        ("alert", "more than expected", 128),
        ("usual", "as expected", 90),
        ("band", "99 % of benign counts", 0),
    )
    parts, x = [], _WIDTH - _RIGHT - 430.0
    for style, words, step in entries:
        parts += [svg.bar(x, 5, 11, 11, style=style), svg.text(x + 17, 15, words, style="title")]
        x += step + 24
    return parts
