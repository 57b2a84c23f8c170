"""The list of alerts, each with its reasons folded under it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime

from clan.alerts.alert import SEVERITIES, Alert
from clan.alerts.explanation import METHODS
from clan.alerts.quantity import number, quantity
from clan.alerts.reason import Reason
from clan.alerts.report.range_picture import range_picture
from clan.alerts.summary import ends_of, name_of
from clan.alerts.text import visible

MOST_ALERTS = 500
"""Alerts that a page shows; a browser stays quick with so many."""

_HEAD = (
    '<div class="row head"><span>severity</span><span>start (UTC)</span><span>from → to</span><span>score</span>'
    "<span>p-value</span><span>why</span></div>"
)
_REASON_HEAD = (
    '<tr><th>feature</th><th class="n">this flow</th><th class="n">most like it</th><th class="n">benign range</th>'
    "<th>beside it (log scale)</th>"
    '<th class="n">benign flows below</th></tr>'
)


def safe(text: str, *, limit: int = 240) -> str:
    """Make text from outside fit for HTML, in content and in quoted attributes; at most `limit` characters of it."""
    return html.escape(visible(text, limit=limit))


def alert_list(alerts: Sequence[Alert]) -> str:
    """Write the alerts with the smallest p-values, at most `MOST_ALERTS`, the first one unfolded.

    Returns:
        HTML; a sentence where there are no alerts.
    """
    if not alerts:
        return '<p class="empty">No flow was far enough from benign traffic to be an alert.</p>'
    worst = sorted(alerts, key=lambda a: (a.p_value, -a.anomaly_score))[:MOST_ALERTS]
    return _HEAD + "".join(_alert(alert, unfolded=i == 0) for i, alert in enumerate(worst))


def _alert(alert: Alert, *, unfolded: bool) -> str:
    first = safe(alert.headline)
    name = f'<b class="name">{safe(name_of(alert))}</b> ' if alert.label is not None else ""
    source, destination = map(html.escape, ends_of(alert))
    return (
        f"<details{' open' if unfolded else ''}><summary><div class='row'>"
        f'<span><span class="pill s{alert.severity}">{SEVERITIES[alert.severity]}</span></span>'
        f"<span>{_moment(alert.timestamp)}</span>"
        f"<span>{source} → {destination} {safe(alert.transport_words or '')}</span>"
        f"<span>{number(alert.anomaly_score)}</span><span>{alert.p_value:.2g}</span>"
        f'<span class="why">{name}{first}</span></div></summary>'
        f'<div class="inside">{_sentence(alert)}{_reasons(alert.reasons)}{_around(alert)}{_identity(alert)}</div>'
        "</details>\n"
    )


def _sentence(alert: Alert) -> str:
    """Say it in words, and how far the reasons carry the score."""
    told = f'<p class="said">{safe(alert.sentence)}</p>' if alert.sentence else ""
    how = METHODS.get(alert.explained_by, "")
    if alert.score_without is not None:
        how = (
            f"Score {number(alert.anomaly_score)}; with these features as in the benign flow most like it "
            f"{number(alert.score_without)}, and an alert from {number(alert.threshold)}. Features {how}."
        )
    elif how:
        how = f"What is shown: {how}."
    return told + (f'<p class="ids">{safe(how)}</p>' if alert.reasons else "")


def _around(alert: Alert) -> str:
    """List what is normal beside it, and what its hosts did before it."""
    lists = (
        ("What its hosts did before", [fact.sentence for fact in alert.history]),
        ("Benign flows most like it", [flow.sentence for flow in alert.nearest]),
    )
    shown = "".join(
        f"<div><h3>{title}</h3><ul>{''.join(f'<li>{safe(line)}</li>' for line in lines)}</ul></div>"
        for title, lines in lists
        if lines
    )
    return f'<div class="around">{shown}</div>' if shown else ""


def _reasons(reasons: Sequence[Reason]) -> str:
    if not reasons:
        return '<p class="empty">No feature of this flow has a benign range to compare with.</p>'
    rows = "".join(
        f"<tr><td>{_feature(r)}</td>"
        f'<td class="n"><b>{safe(quantity(r.value, r.unit))}</b></td>'
        f'<td class="n">{"" if r.normal_value is None else safe(quantity(r.normal_value, r.unit))}</td>'
        f'<td class="n">{safe(_range(r))}</td><td class="scale">{range_picture(r)}</td>'
        f'<td class="n">{_quantile(r.benign_quantile)}</td></tr>'
        for r in reasons
    )
    return f"<table>{_REASON_HEAD}{rows}</table>"


def _feature(reason: Reason) -> str:
    """Name a column, what it is, and those that go with it."""
    words = "" if reason.meaning in ("", reason.feature) else f"<small>{safe(reason.meaning)}</small>"
    n = len(reason.family)
    family = f' <span title="{safe(", ".join(reason.family))}">and {n} that go with it</span>' if n else ""
    return f"<code>{safe(reason.feature)}</code>{family}{words}"


def _range(reason: Reason) -> str:
    low, high = quantity(reason.benign_low, reason.unit), quantity(reason.benign_high, reason.unit)
    if low == high:
        return low
    # the unit is said once where both ends have the same
    start, _, low_unit = low.partition(" ")
    return f"{start} to {high}" if low_unit == high.partition(" ")[2] else f"{low} to {high}"


def _quantile(quantile: float) -> str:
    return "none" if quantile == 0 else "all" if quantile == 1 else f"{100 * quantile:.4g} %"


def _identity(alert: Alert) -> str:
    facts = [("uid", alert.uid), ("community id", alert.community_id), ("source", alert.source)]
    facts += [("vlan", alert.vlan), ("tunnel", alert.tunnel), ("alert of the source", alert.source_alert)]
    if alert.timestamp is not None and alert.ts_end is not None:
        lasted_us = (alert.ts_end - alert.timestamp).total_seconds() * 1e6
        facts.append(("lasted", quantity(lasted_us, "us")))
    if alert.packets_fwd is not None and alert.packets_bwd is not None:
        facts.append(("packets", f"{alert.packets_fwd:,} out, {alert.packets_bwd:,} back"))
    shown = "".join(f"<span>{name} <code>{safe(value)}</code></span> " for name, value in facts if value)
    return f'<p class="ids">{shown}</p>'


def _moment(moment: datetime | None) -> str:
    return "unknown" if moment is None else moment.strftime("%m-%d %H:%M:%S")
