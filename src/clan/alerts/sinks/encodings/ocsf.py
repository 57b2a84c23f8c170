"""Alerts as OCSF Detection Findings (class 2004), one JSON object a line.

Each reason of an alert is an entry of `anomaly_analyses`, the schema's own place for "this differs from the baseline":
the feature, what was observed and the benign range. What the schema has no attribute for lies in `unmapped`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from clan._version import __version__
from clan.alerts.alert import Alert
from clan.alerts.incident import Incident
from clan.alerts.json_line import finite, json_line, known
from clan.alerts.quantity import quantity
from clan.alerts.reason import BENIGN_HIGH, BENIGN_LOW, Reason
from clan.alerts.sinks.base import Event
from clan.alerts.sinks.encoding import Container
from clan.alerts.sinks.finding import EPOCH, Endpoint, Finding, finding_of
from clan.alerts.text import bounded

OCSF_VERSION: Final = "1.8.0"
CLASS_UID: Final = 2004
_ACTIVITIES: Final = {"new": (1, "Create"), "update": (2, "Update"), "closed": (3, "Close")}
_STATUSES: Final = {"new": (1, "New"), "update": (1, "New"), "closed": (4, "Resolved")}
_LEARNING: Final = 4  # analytic.type_id: machine learning
_IP_ADDRESS: Final = 2  # observable.type_id
_UNKNOWN_DIRECTION: Final = 0


class Ocsf:
    """OCSF Detection Findings, one a line; see the module."""

    def __init__(self) -> None:
        self.name, self.container = "ocsf", Container()

    def encode(self, event: Event) -> bytes:
        """Write an event as one finding."""
        return json_line(_finding(finding_of(event)))


def encoding(_: str) -> Ocsf:
    """Make the encoding."""
    return Ocsf()


def _finding(f: Finding) -> dict[str, Any]:
    (activity, activity_name), (status, status_name) = _ACTIVITIES[f.state], _STATUSES[f.state]
    return known(
        class_uid=CLASS_UID,
        class_name="Detection Finding",
        category_uid=2,
        category_name="Findings",
        activity_id=activity,
        activity_name=activity_name,
        type_uid=CLASS_UID * 100 + activity,
        type_name=f"Detection Finding: {activity_name}",
        severity_id=f.level.ocsf,
        severity=f.level.ocsf_name,
        status_id=status,
        status=status_name,
        time=_millis(f.time),
        start_time=None if f.start is None else _millis(f.start),
        end_time=None if f.end is None else _millis(f.end),
        count=f.n_alerts,
        message=f.sentence,
        is_alert=True,
        risk_score=f.level.risk,
        metadata={
            "version": OCSF_VERSION,
            "uid": f.record_id,
            "product": {"name": "clan", "vendor_name": "clan", "version": __version__},
            "log_name": f.source or "clan",
        },
        finding_info=_info(f),
        evidences=_evidences(f),
        anomaly_analyses=_analyses(f),
        observables=[
            {"name": f"evidences.{side}.ip", "type_id": _IP_ADDRESS, "type": "IP Address", "value": end.ip}
            for side, end in (("src_endpoint", f.src), ("dst_endpoint", f.dst))
            if end.ip is not None
        ],
        unmapped=_unmapped(f),
    )


def _millis(moment: datetime) -> int:
    return round((moment - EPOCH).total_seconds() * 1000)


def _info(f: Finding) -> dict[str, Any]:
    technique = f.technique
    attack = None
    if technique is not None:
        attack = {
            "version": "17.0",
            "tactic": {"name": technique.tactic},
            "technique": {"uid": technique.technique_id, "name": technique.name},
        }
    return known(
        uid=f.id,
        title=f.title,
        desc=f.sentence,
        types=[f.label] if f.label else None,
        analytic={
            "type_id": _LEARNING,
            "type": "Learning (ML/DL)",
            "name": "clan",
            "uid": f.model_id,
            "version": __version__,
            "algorithm": "contrastive learning on benign flows, conformal p-values",
        },
        attacks=None if attack is None else [attack],
        first_seen_time=None if f.start is None else _millis(f.start),
        last_seen_time=None if f.end is None else _millis(f.end),
        data_sources=[f.source] if f.source else None,
        related_events_count=f.n_alerts if f.kind == "incident" else None,
    )


def _evidences(f: Finding) -> list[dict[str, Any]]:
    alert = f.event if isinstance(f.event, Alert) else None
    versions = {end.version for end in (f.src, f.dst)} - {None}
    connection = known(
        protocol_name=None if f.transport is None else f.transport.lower(),
        protocol_num=f.protocol,
        protocol_ver_id=versions.pop() if len(versions) == 1 else None,
        community_uid=None if alert is None or alert.community_id is None else bounded(alert.community_id, limit=128),
        uid=None if alert is None else bounded(alert.uid, limit=128),
    )
    evidence = known(
        src_endpoint=_endpoint(f.src),
        dst_endpoint=_endpoint(f.dst),
        connection_info={"direction_id": _UNKNOWN_DIRECTION, **connection} if connection else None,
    )
    return [evidence] if evidence else []


def _endpoint(end: Endpoint) -> dict[str, Any]:
    name = end.name or (end.address if end.ip is None else None)
    port = end.port if end.port is not None and 0 <= end.port <= 0xFFFF else None
    # the schema wants to know whose port it is
    return known(ip=end.ip, port=port if end.ip or name else None, name=name)


def _analyses(f: Finding) -> list[dict[str, Any]]:
    target = {"name": f"flow {f.id}", "type": "flow"}
    return [{"analysis_targets": [target], "anomalies": [_anomaly(r)], "baselines": [_baseline(r)]} for r in f.reasons]


def _anomaly(r: Reason) -> dict[str, Any]:
    return {
        "observation_parameter": bounded(r.feature, limit=128),
        "observation_type": "flow feature",
        "observations": [{"value": quantity(r.value, bounded(r.unit, limit=32))}],
        "observed_pattern": bounded(r.sentence, limit=256),
    }


def _baseline(r: Reason) -> dict[str, Any]:
    unit = bounded(r.unit, limit=32)
    return {
        "observation_parameter": bounded(r.feature, limit=128),
        "observation_type": f"benign quantiles {BENIGN_LOW} and {BENIGN_HIGH}",
        "observations": [{"value": quantity(r.benign_low, unit)}, {"value": quantity(r.benign_high, unit)}],
    }


def _unmapped(f: Finding) -> dict[str, Any]:
    event = f.event
    if isinstance(event, Incident):
        return known(
            anomaly_score=finite(event.anomaly_score),
            p_value=event.p_value,
            pattern=event.pattern,
            merged_into=event.merged_into,
            n_actors=event.n_actors,
            n_targets=event.n_targets,
            n_ports=event.n_ports,
            ports=list(event.ports),
            alert_ids=list(event.alert_ids),
        )
    return known(
        anomaly_score=finite(event.anomaly_score),
        threshold=finite(event.threshold),
        p_value=event.p_value,
        alpha=event.alpha,
        incident_id=event.incident_id,
        label_probability=event.label_probability,
        packets_fwd=event.packets_fwd,
        packets_bwd=event.packets_bwd,
        payload_bytes_fwd=event.payload_bytes_fwd,
        payload_bytes_bwd=event.payload_bytes_bwd,
    )
