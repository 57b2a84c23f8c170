"""The report as one self-contained page.

The page has no scripts, loads nothing, and forbids itself to (Content-Security-Policy). Text from packets, paths and
models passes `visible` and `html.escape` on its way in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from string import Template

import numpy as np
import polars as pl

from clan.alerts.quantity import count, number
from clan.alerts.report.alert_list import MOST_ALERTS, alert_list, safe
from clan.alerts.report.data import ReportData
from clan.alerts.report.host_picture import host_picture
from clan.alerts.report.incident_list import MOST_INCIDENTS, incident_list
from clan.alerts.report.range_picture import budget_picture
from clan.alerts.report.score_picture import score_picture
from clan.alerts.report.time_picture import time_picture
from clan.alerts.summary import names_of
from clan.errors import DataError

_LIMITS = (
    "Whether an alert is an attack: it is a flow unlike the benign traffic that the model learnt from, nothing more.",
    "What was missed: an attack whose flows look like benign flows in these features has no alert, and nothing on this "
    "page counts them.",
    "Whether the benign traffic has changed: the expected number of alerts holds for traffic like that of the "
    "calibration. A lasting excess without a cause means that the model should be calibrated or trained again.",
    "The only reason: replacing the features shown makes the flow normal to the model. Other features might do so too, "
    "and why somebody sent such a flow is not in them.",
)


def render(report: ReportData) -> str:
    """Write a report as one HTML page.

    Args:
        report: What to tell; no alerts, no flows and sources without times or addresses are all told as such.

    Returns:
        The page. Encode it as UTF-8.

    Raises:
        DataError: `report.scored` lacks a column that the pictures need.
    """
    needed = ("ts_start", "ts_end", "src_ip", "dst_ip", "source", "anomaly_score", "alert")
    missing = [name for name in needed if name not in report.scored.columns]
    if missing:
        raise DataError(f"the scored table of a report lacks {', '.join(missing)}")
    scored = report.scored.select(needed).with_columns(pl.col("alert").fill_null(value=False))
    alert = scored["alert"].to_numpy()
    starts = scored["ts_start"].dt.epoch("us").cast(pl.Float64).fill_null(float("nan")).to_numpy() / 1e6
    scores = scored["anomaly_score"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    observed = int(alert.sum())
    verdict, meaning, style = _verdict(observed, report.expected_interval)
    room = files("clan.alerts.report")
    return Template((room / "template.html").read_text(encoding="utf-8")).substitute(
        title=safe(report.title),
        style=(room / "style.css").read_text(encoding="utf-8"),
        facts=_facts(report, scored),
        verdict=verdict,
        verdict_meaning=safe(f"{meaning} {report.holding[:1].upper()}{report.holding[1:]}".strip(), limit=2000),
        verdict_style=style,
        budget_picture=budget_picture(observed, report.expected_alerts, report.expected_interval),
        figures=_figures(report, observed, starts),
        time_picture=time_picture(starts, alert, report.expected_alerts),
        score_picture=score_picture(scores, alert, report.threshold),
        host_picture=host_picture(scored),
        incidents=_incidents(report),
        alerts_note=_alerts_note(report),
        alerts=alert_list(report.alerts),
        counters=_counters(report.counters),
        model=_model(report.model),
        limits="<ul>" + "".join(f"<li>{safe(words)}</li>" for words in (*_LIMITS, *report.limits)) + "</ul>",
        footer=f"Written by clan {safe(report.version)}. This page loads nothing and runs no script.",
    )


def _verdict(observed: int, interval: tuple[float, float]) -> tuple[str, str, str]:
    low, high = interval
    if observed > high:
        return (
            "More alerts than the budget expects",
            "Benign traffic alone seldom raises so many: something happened, or the network has changed since the "
            "calibration.",
            "bad",
        )
    if observed < low:
        return (
            "Fewer alerts than the budget expects",
            "This traffic is calmer than that of the calibration, or part of it was not seen.",
            "low",
        )
    return (
        "As many alerts as the budget expects",
        "Benign traffic like that of the calibration raises as many. Each is still worth its look.",
        "good",
    )


def _facts(report: ReportData, scored: pl.DataFrame) -> str:
    sources = scored["source"].drop_nulls().unique(maintain_order=True)
    named = ", ".join(sources.head(3).to_list()) + (f" and {len(sources) - 3:,} more" if len(sources) > 3 else "")
    first, last = (
        scored[name].dt.replace_time_zone(None).dt.strftime("%Y-%m-%d %H:%M:%S").drop_nulls()
        for name in ("ts_start", "ts_end")
    )
    facts = [named or "no flows"]
    if len(first) and len(last):
        facts.append(f"{first.sort()[0]} to {last.sort()[-1]} UTC")
    if report.model.get("model_id"):
        facts.append(f"model {report.model['model_id']}")
    return "".join(f"<span>{safe(fact)}</span>" for fact in facts)


def _figures(report: ReportData, observed: int, starts: np.ndarray) -> str:
    timed = starts[np.isfinite(starts)]
    span = _span(float(np.ptp(timed))) if len(timed) else "unknown"
    agreement, theirs = report.agreement, []
    if agreement is not None:
        theirs.append((f"{agreement.both:,} of {agreement.theirs:,}", "alerts of the source that are alerts here"))
    pairs = (
        (f"{report.scored.height:,}", "flows scored"),
        (f"{observed:,}", "alert" if observed == 1 else "alerts"),
        (count(report.expected_alerts), "expected by the budget"),
        (number(report.threshold), f"score threshold (p ≤ {number(report.alpha)})"),
        (span, "first to last flow"),
        *theirs,
    )
    return "".join(f"<div><b>{safe(value)}</b><span>{safe(name)}</span></div>" for value, name in pairs)


def _span(seconds: float) -> str:
    sizes = ((2 * 86_400.0, 86_400.0, "d"), (3600.0, 3600.0, "h"), (60.0, 60.0, "min"))
    size, name = next(((size, name) for least, size, name in sizes if seconds >= least), (1.0, "s"))
    return f"{seconds / size:.1f} {name}"


def _incidents(report: ReportData) -> str:
    if report.incidents is None:
        return ""
    shown = min(len(report.incidents), MOST_INCIDENTS)
    note = f"worst first, {shown} of {report.n_incidents:,}" if shown < report.n_incidents else "worst first"
    head = f"<h2>Incidents <small>{safe(note if shown else '')}</small></h2>"
    return f'<section class="card alerts">{head}\n{incident_list(report.incidents)}\n</section>'


def _alerts_note(report: ReportData) -> str:
    total = len(report.alerts)
    named = f"; named: {names_of(report.labels)}" if report.labels else ""
    if total <= MOST_ALERTS:
        return safe(f"least like benign first{named}") if total else ""
    where = f"they are in {report.alerts_path}" if report.alerts_path else "write them with -o to have them all"
    return safe(
        f"the {MOST_ALERTS} with the smallest p-value; {total - MOST_ALERTS:,} are left out here, {where}{named}"
    )


def _counters(counters: Mapping[str, int]) -> str:
    if not counters:
        return '<p class="empty">Nothing was counted.</p>'
    rows = "".join(
        f'<tr{"" if n else " class=zero"}><td>{safe(name.replace("_", " "))}</td><td class="n">{n:,}</td></tr>'
        for name, n in counters.items()
    )
    return f"<table>{rows}</table>"


def _model(model: Mapping[str, object]) -> str:
    rows = "".join(
        f"<tr><td>{safe(name.replace('_', ' '))}</td><td>{safe(_shown(value))}</td></tr>"
        for name, value in model.items()
    )
    return f"<table>{rows}</table>"


def _shown(value: object) -> str:
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list | tuple) and len(value) > 6:
        return f"{len(value):,} values"
    if isinstance(value, dict | list | tuple):
        return json.dumps(_short(value), default=str, ensure_ascii=False)
    return str(value)


def _short(value: object) -> object:
    """Leave out the members of long lists inside nested values."""
    if isinstance(value, dict):
        return {name: _short(member) for name, member in value.items()}
    return f"{len(value):,} values" if isinstance(value, list | tuple) and len(value) > 6 else value
