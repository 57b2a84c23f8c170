"""Alerts as NDJSON in the Elastic Common Schema, for Elasticsearch, Filebeat, Logstash and whatever else speaks it.

What the schema has no field for lies below `clan`: score, p-value, threshold and the features that explain the alert.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from clan._version import __version__
from clan.alerts.alert import Alert
from clan.alerts.incident import Incident
from clan.alerts.json_line import finite, json_line, known
from clan.alerts.sinks.base import Event
from clan.alerts.sinks.encoding import Container
from clan.alerts.sinks.finding import Endpoint, Finding, finding_of
from clan.alerts.text import bounded

ECS_VERSION: Final = "8.17.0"


class Ecs:
    """ECS documents, one a line; see the module."""

    def __init__(self) -> None:
        self.name, self.container = "ecs", Container()

    def encode(self, event: Event) -> bytes:
        """Write an event as one document."""
        return json_line(_document(finding_of(event)))


def encoding(_: str) -> Ecs:
    """Make the encoding."""
    return Ecs()


def _document(f: Finding) -> dict[str, Any]:
    duration = None if f.start is None or f.end is None else round((f.end - f.start).total_seconds() * 1e9)
    return known(
        **{"@timestamp": _stamp(f.time)},
        ecs={"version": ECS_VERSION},
        message=f.sentence,
        tags=["clan", f.kind],
        event=known(
            kind="alert",
            category=["network", "intrusion_detection"],
            type=["info"],
            module="clan",
            dataset=f"clan.{f.kind}",
            provider="clan",
            id=f.record_id,
            action=f"{f.kind}-{f.state}",
            severity=f.level.risk,
            risk_score=finite(f.event.anomaly_score),
            risk_score_norm=float(f.level.risk),
            start=None if f.start is None else _stamp(f.start),
            end=None if f.end is None else _stamp(f.end),
            duration=None if duration is None or duration < 0 else duration,
            reason=f.sentence,
        ),
        source=_side(f.src),
        destination=_side(f.dst),
        network=_network(f),
        rule=known(id=f"clan-{f.kind}", name=f.title, category=f.label, ruleset=f.model_id, version=__version__),
        threat=_threat(f),
        observer={"type": "ids", "vendor": "clan", "product": "clan", "version": __version__},
        related=known(ip=sorted({ip for ip in (f.src.ip, f.dst.ip) if ip is not None})),
        clan=_own(f),
    )


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _side(end: Endpoint) -> dict[str, Any]:
    return known(address=end.address, ip=end.ip, port=end.port, domain=end.name)


def _network(f: Finding) -> dict[str, Any]:
    alert = f.event if isinstance(f.event, Alert) else None
    versions = {end.version for end in (f.src, f.dst)} - {None}
    vlans = (
        []
        if alert is None
        else [tag for tag in (alert.vlan or "").split(".") if len(tag) <= 5 and tag.isascii() and tag.isdigit()]
    )
    return known(
        transport=None if f.transport is None else f.transport.lower(),
        iana_number=None if f.protocol is None else str(f.protocol),
        type=f"ipv{versions.pop()}" if len(versions) == 1 else None,
        community_id=None if alert is None or alert.community_id is None else bounded(alert.community_id, limit=128),
        vlan=known(id=vlans[0]) if vlans else None,
        inner=known(vlan=known(id=vlans[1])) if len(vlans) > 1 else None,
    )


def _threat(f: Finding) -> dict[str, Any] | None:
    technique = f.technique
    if technique is None:
        return None
    return {
        "framework": "MITRE ATT&CK",
        "tactic": {"name": [technique.tactic]},
        "technique": {"id": [technique.technique_id], "name": [technique.name]},
    }


def _own(f: Finding) -> dict[str, Any]:
    event = f.event
    if isinstance(event, Incident):
        return known(
            incident=known(
                id=event.incident_id,
                state=event.state,
                merged_into=event.merged_into,
                pattern=event.pattern,
                alerts=event.n_alerts,
                actors=event.n_actors,
                targets=event.n_targets,
                ports=event.n_ports,
                first_ports=list(event.ports),
                alert_ids=list(event.alert_ids),
                features=[bounded(name, limit=128) for name in event.reasons],
            ),
            score=finite(event.anomaly_score),
            p_value=event.p_value,
            model_id=f.model_id,
            source=f.source,
            label=f.label,
        )
    return known(
        score=finite(event.anomaly_score),
        threshold=finite(event.threshold),
        p_value=event.p_value,
        alpha=event.alpha,
        model_id=f.model_id,
        source=f.source,
        uid=bounded(event.uid, limit=128),
        incident_id=event.incident_id,
        label=f.label,
        label_probability=event.label_probability,
        packets=known(fwd=event.packets_fwd, bwd=event.packets_bwd),
        payload_bytes=known(fwd=event.payload_bytes_fwd, bwd=event.payload_bytes_bwd),
        reasons=[
            {"feature": bounded(r.feature, limit=128), "value": repr(r.value), "unit": bounded(r.unit, limit=32)}
            | {"benign_quantile": r.benign_quantile, "sentence": bounded(r.sentence, limit=256)}
            for r in f.reasons
        ],
    )
