"""Results as a picture: the macro AUROC of each detector with its interval, as SVG."""

from __future__ import annotations

import polars as pl

from clan.alerts.report import svg
from clan.alerts.report.axis import ticks
from clan.evaluate.contenders import OURS
from clan.evaluate.summary import Group, groups
from clan.evaluate.table import heading

_WIDTH, _LEFT, _RIGHT, _ROW, _HEAD, _FOOT = 720, 190, 24, 22, 48, 46
_KEY = 26
_STYLE = (
    "<style>text{font:12px system-ui,sans-serif;fill:#333}.head{font-weight:600;font-size:13px}"
    ".grid{stroke:#ddd}.range{stroke:#888;stroke-width:2}.run{fill:#bbb}.axis{fill:#666}.ours{fill:#c2410c}.other{fill:#1d4ed8}</style>"
)


def picture(runs: pl.DataFrame, *, against: str = OURS) -> str:
    """Draw one panel for each data set and condition: a grey dot a seed, the mean, and its 95 % interval.

    Args:
        runs: Rows of a results file.
        against: The detector that stands out.

    Returns:
        An SVG file's text.
    """
    parts, top = [_STYLE], 0.0
    for group in groups(runs, against=against):
        panel, height = _panel(group, top)
        parts += panel
        top += height
    if not top:
        return svg.blank(_WIDTH, 80, "No runs yet")
    parts += _legend(top, against)
    return svg.picture(_WIDTH, int(top + _KEY), parts, label="Macro AUROC of each detector with its 95 % interval")


def _legend(top: float, against: str) -> list[str]:
    """Say what dots and bars are, in one line below the panels."""
    y, x, parts = top + _KEY / 2, 8.0, list[str]()
    for style, words in (
        ("run", "one seed"),
        ("range", "95 % interval of the mean"),
        ("other", "mean over the seeds"),
        ("ours", f"mean of {against}, or of the best"),
    ):
        mark = svg.line(x, y, x + 14, y, style=style) if style == "range" else svg.dot(x + 7, y, 4, style=style)
        parts += [mark, svg.text(x + 20, y + 4, words)]
        x += 36 + 6.6 * len(words)
    return parts


def _panel(group: Group, top: float) -> tuple[list[str], float]:
    values = [value for line in group.lines for value in (line.figures["macro_auroc"].t_interval or ())]
    values += [value for line in group.lines for value in line.runs]
    low, high = max(0.0, min(values)), min(1.0, max(values))
    low, high = (low - 0.01, high + 0.01) if high - low < 0.02 else (low, high)
    bottom = top + _HEAD + _ROW * len(group.lines)

    def x(value: float) -> float:
        return _LEFT + (min(max(value, low), high) - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    parts = [
        svg.text(8, top + 20, heading(group).lstrip("# "), style="head"),
        svg.text(_LEFT - 10, top + _HEAD - 6, "detector", style="axis", anchor="end"),
        svg.text((_LEFT + _WIDTH - _RIGHT) / 2, bottom + 32, "macro AUROC", style="axis", anchor="middle"),
    ]
    for tick in ticks(low, high, 6):
        parts += [
            svg.line(x(tick), top + _HEAD, x(tick), bottom),
            svg.text(x(tick), bottom + 16, f"{tick:g}", anchor="middle"),
        ]
    for number, line in enumerate(group.lines):
        y = top + _HEAD + _ROW * (number + 0.5)
        figure = line.figures["macro_auroc"]
        parts.append(svg.text(_LEFT - 10, y + 4, line.detector, anchor="end"))
        parts += [svg.dot(x(value), y, 2.5, style="run") for value in line.runs]
        if figure.t_interval is not None:
            parts.append(svg.line(x(figure.t_interval[0]), y, x(figure.t_interval[1]), y, style="range"))
        parts.append(svg.dot(x(figure.mean), y, 4, style="ours" if line.detector == group.reference else "other"))
    return parts, bottom + _FOOT - top
