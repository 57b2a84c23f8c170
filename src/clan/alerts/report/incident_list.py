"""The list of incidents, each with its sentence, its ports and its first alerts folded under it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime

from clan.alerts.alert import SEVERITIES
from clan.alerts.incident import Incident
from clan.alerts.incident_table import shape
from clan.alerts.quantity import quantity
from clan.alerts.summary import endpoint
from clan.alerts.text import visible
from clan.counted import counted

MOST_INCIDENTS = 100
"""Incidents that a page shows."""

_HEAD = (
    '<div class="row head"><span>severity</span><span>first seen (UTC)</span><span>actor → target</span>'
    "<span>alerts</span><span>p-value</span><span>shape</span></div>"
)


def incident_list(incidents: Sequence[Incident]) -> str:
    """Write incidents in the order given, at most `MOST_INCIDENTS`.

    Returns:
        HTML; a sentence where there are none.
    """
    if not incidents:
        return '<p class="empty">No alerts that belong together.</p>'
    return _HEAD + "".join(_incident(incident) for incident in incidents[:MOST_INCIDENTS])


def _incident(incident: Incident) -> str:
    name = "" if incident.label is None else f'<b class="name">{_safe(incident.label)}</b> '
    actor = _end(incident.actor, incident.actor_name, incident.n_actors)
    target = _end(incident.target, incident.target_name, incident.n_targets)
    return (
        f"<details><summary><div class='row'>"
        f'<span><span class="pill s{incident.severity}">{SEVERITIES[incident.severity]}</span></span>'
        f"<span>{_moment(incident.first_seen)}</span><span>{actor} → {target}</span>"
        f"<span>{incident.n_alerts:,}</span><span>{incident.p_value:.2g}</span>"
        f'<span class="why">{name}{_safe(shape(incident))}</span></div></summary>'
        f'<div class="inside"><p>{_safe(incident.sentence)}</p>{_facts(incident)}</div></details>\n'
    )


def _facts(incident: Incident) -> str:
    technique, duration = incident.technique, incident.duration_s
    shown = ", ".join(map(str, incident.ports)) + (" …" if incident.n_ports > len(incident.ports) else "")
    facts = [
        ("incident", incident.incident_id),
        ("source", incident.source),
        ("lasted", None if duration is None else quantity(duration * 1e6, "us")),
        ("ports", shown),
        ("technique", None if technique is None else f"{technique.technique_id} {technique.name}"),
        ("first reasons", ", ".join(incident.reasons)),
        ("over the limit", f"{incident.n_limited:,}" if incident.n_limited else None),
        ("alerts", " ".join(incident.alert_ids)),
    ]
    return '<p class="ids">' + "".join(f"<span>{k} <code>{_safe(v)}</code></span> " for k, v in facts if v) + "</p>"


def _end(address: str | None, name: str | None, count: int) -> str:
    if address is None:
        return counted(count, "host")
    shown = html.escape(endpoint(address, None))
    return f"{_safe(name)} ({shown})" if name else shown


def _safe(text: str) -> str:
    return html.escape(visible(text))


def _moment(moment: datetime | None) -> str:
    return "unknown" if moment is None else moment.strftime("%m-%d %H:%M:%S")
