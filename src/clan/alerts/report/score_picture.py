"""The picture of the scores against the threshold."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from clan.alerts.quantity import compact, number
from clan.alerts.report import svg
from clan.alerts.report.axis import decades, ticks

_WIDTH, _HEIGHT = 520, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 34, 44
_BINS = 56


def score_picture(scores: npt.NDArray[np.float64], alert: npt.NDArray[np.bool_], threshold: float) -> str:
    """Draw how many flows have which score, on a logarithmic axis of counts, with the threshold as a line.

    The bins meet at the threshold, so that no bar holds both sides of it.

    Args:
        scores: Anomaly scores. Shape `(n_flows,)`; what is not finite is left out.
        alert: Whether each flow is an alert. Shape `(n_flows,)`.
        threshold: The score from which flows are alerts.

    Returns:
        An SVG element.
    """
    finite = np.isfinite(scores)
    scores, alert = scores[finite], alert[finite]
    if not len(scores) or not math.isfinite(threshold):
        return svg.blank(_WIDTH, _HEIGHT, "No flow was scored")
    edges = _edges(float(scores.min()), float(scores.max()), threshold)
    quiet, loud = (np.histogram(scores[pick], edges)[0] for pick in (~alert, alert))
    low, high, top = float(edges[0]), float(edges[-1]), float(max(quiet.max(), loud.max(), 10))
    floor = _HEIGHT - _BOTTOM

    def x(score: float) -> float:
        return _LEFT + (score - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    def y(count: float) -> float:  # half a flow is the ground, so that a single one is seen
        return floor - math.log10(max(count, 0.5) / 0.5) / math.log10(top * 1.15 / 0.5) * (floor - _TOP)

    parts = [svg.bar(x(threshold), _TOP, x(high) - x(threshold), floor - _TOP, style="beyond", radius=0)]
    for tick in decades(top):
        parts += [
            svg.line(_LEFT, y(tick), _WIDTH - _RIGHT, y(tick)),
            svg.text(_LEFT - 7, y(tick) + 4, compact(tick), anchor="end"),
        ]
    for counts, style in ((quiet, "benign"), (loud, "alert")):
        for i in np.flatnonzero(counts):
            left, right, count = float(edges[i]), float(edges[i + 1]), int(counts[i])
            tip = f"{count:,} {'alerts' if style == 'alert' else 'flows'} with score {number(left)} to {number(right)}"
            parts.append(
                svg.bar(x(left) + 0.5, y(count), x(right) - x(left) - 1, floor - y(count), style=style, tip=tip)
            )
    parts += [svg.line(_LEFT, floor, _WIDTH - _RIGHT, floor, style="axis")]
    parts += [svg.text(x(t), floor + 17, f"{t:g}", anchor="middle") for t in ticks(low, high, 6)]
    on_left = x(threshold) > _WIDTH * 0.55
    parts += [
        svg.line(x(threshold), _TOP - 8, x(threshold), floor, style="threshold"),
        svg.text(
            x(threshold) + (-7 if on_left else 7),
            _TOP - 10,
            f"threshold {number(threshold)}",
            style="mark",
            anchor="end" if on_left else "start",
        ),
        svg.text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, "anomaly score", style="title", anchor="middle"),
        svg.text(4, 14, "flows (log)", style="title"),
    ]
    return svg.picture(_WIDTH, _HEIGHT, parts, label="Number of flows by anomaly score, with the alert threshold")


def _edges(low: float, high: float, threshold: float) -> npt.NDArray[np.float64]:
    """Edges of equal bins that cover the scores and the threshold, one edge on the threshold."""
    low, high = min(low, threshold), max(high, threshold)
    width = (high - low) / _BINS if high > low else max(abs(threshold), 1.0) / _BINS
    before, after = math.floor((low - threshold) / width), math.floor((high - threshold) / width) + 1
    return np.asarray(threshold + width * np.arange(before, after + 1))
