"""An incident as one line of JSON, for files and pipes."""

from __future__ import annotations

from typing import Any

from clan.alerts.alert import SEVERITIES
from clan.alerts.incident import Incident
from clan.alerts.json_line import finite, json_line


def encode_incident(incident: Incident) -> str:
    """Write an incident as one line of NDJSON, without its end; ASCII and as harmless as an EVE line."""
    return json_line(incident_values(incident)).decode("ascii")


def incident_values(incident: Incident) -> dict[str, Any]:
    """Give an incident as JSON values; what is unknown is left out."""
    technique = incident.technique
    known = {
        "event_type": "incident",
        "timestamp": _stamp(incident, "last_seen"),
        "incident_id": incident.incident_id,
        "state": incident.state,
        "merged_into": incident.merged_into,
        "severity": incident.severity,
        "severity_name": SEVERITIES[incident.severity],
        "pattern": incident.pattern,
        "summary": incident.sentence,
        "source": incident.source,
        "actor": incident.actor,
        "actor_name": incident.actor_name,
        "actor_group": incident.actor_group,
        "target": incident.target,
        "target_name": incident.target_name,
        "target_group": incident.target_group,
        "proto": incident.transport,
        "ports": list(incident.ports),
        "first_seen": _stamp(incident, "first_seen"),
        "last_seen": _stamp(incident, "last_seen"),
        "duration_s": incident.duration_s,
        "alerts": incident.n_alerts,
        "alerts_limited": incident.n_limited,
        "actors": incident.n_actors,
        "targets": incident.n_targets,
        "target_ports": incident.n_ports,
        "p_value": incident.p_value,
        "anomaly_score": finite(incident.anomaly_score),
        "label": incident.label,
        "technique": None if technique is None else technique._asdict(),
        "alert_ids": list(incident.alert_ids),
        "reasons": list(incident.reasons),
        "model_id": incident.model_id,
    }
    return {key: value for key, value in known.items() if value is not None}


def _stamp(incident: Incident, name: str) -> str | None:
    moment = getattr(incident, name)
    return None if moment is None else moment.isoformat(timespec="microseconds").replace("+00:00", "+0000")
