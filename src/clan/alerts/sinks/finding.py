"""What an alert and an incident have in common, as the formats want it: one record, bounded and free of surprises."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from clan.alerts.alert import Alert
from clan.alerts.incident import Incident
from clan.alerts.incident_technique import Technique, technique_of
from clan.alerts.reason import Reason
from clan.alerts.sinks.base import Event
from clan.alerts.sinks.severity import LEVELS, Level
from clan.alerts.text import bounded, visible
from clan.alerts.transport import transport_name
from clan.schema import has_ports

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ADDRESS = 128  # characters of an address or a name that are kept


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """One side of a finding.

    Attributes:
        address: As the source gave it, bounded, or None.
        ip: The same where it is an address of IP, in its usual form; None otherwise.
        port: Port, or None.
        name: What the hosts file calls it, or None.
        group: The group that the hosts file puts it in, or None.
    """

    address: str | None
    ip: str | None
    port: int | None
    name: str | None
    group: str | None

    @property
    def version(self) -> int | None:
        """Version of IP, 4 or 6, or None."""
        return None if self.ip is None else 6 if ":" in self.ip else 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """An alert or an incident for the formats. Text is bounded and has no lone surrogates; it is not escaped.

    Attributes:
        id: The alert's or incident's own, 12 hexadecimal digits.
        record_id: The id of this record: a repetition has the same, an update of an incident another.
        kind: `alert` or `incident`.
        state: `new`, `update` or `closed`; always `new` for an alert.
        title: What it is, in a few words of clan's own.
        sentence: What happened, in one line that prints as it is.
        level: How bad it is.
        time: When it happened, or the epoch where the source has no times.
        start: When it began, or None.
        end: When it ended or was last seen, or None.
        src: Who did it.
        dst: To whom.
        protocol: IANA number, or None.
        event: The alert or incident itself, for what only one of them has.
        label: Name of its class, or None.
        model_id: Which model said so.
        source: The stream that it came from.
        n_alerts: Alerts in it.
    """

    id: str
    record_id: str
    kind: Literal["alert", "incident"]
    state: Literal["new", "update", "closed"]
    title: str
    sentence: str
    level: Level
    time: datetime
    start: datetime | None
    end: datetime | None
    src: Endpoint
    dst: Endpoint
    protocol: int | None
    event: Event
    label: str | None
    model_id: str
    source: str
    n_alerts: int

    @property
    def transport(self) -> str | None:
        """Upper-case name of the protocol, or None."""
        return None if self.protocol is None else transport_name(self.protocol)

    @property
    def technique(self) -> Technique | None:
        """ATT&CK technique of a named class, or None."""
        return None if self.label is None else technique_of(self.label)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons of an alert."""
        return self.event.reasons if isinstance(self.event, Alert) else ()


def record_id_of(event: Event) -> str:
    """Name a record so that a repetition of it can be told from news about the same thing."""
    if isinstance(event, Incident):
        return f"{event.incident_id}-{event.state}-{event.n_alerts}"
    return event.alert_id


def finding_of(event: Event) -> Finding:
    """Make the record that the formats write."""
    return _of_incident(event) if isinstance(event, Incident) else _of_alert(event)


def _of_alert(alert: Alert) -> Finding:
    return Finding(
        id=alert.alert_id,
        record_id=alert.alert_id,
        kind="alert",
        state="new",
        title=alert.category,
        sentence=sentence_of(alert),
        level=LEVELS[alert.severity],
        time=alert.timestamp or alert.ts_end or EPOCH,
        start=alert.timestamp,
        end=alert.ts_end,
        src=_endpoint(alert.src_ip, alert.src_port, alert.src_name, alert.src_group),
        dst=_endpoint(alert.dst_ip, alert.dst_port, alert.dst_name, alert.dst_group),
        protocol=alert.protocol,
        event=alert,
        label=_name(alert.label),
        model_id=alert.model_id,
        source=bounded(alert.source, limit=256),
        n_alerts=1,
    )


def _of_incident(incident: Incident) -> Finding:
    port = incident.ports[0] if incident.n_ports == 1 else None
    return Finding(
        id=incident.incident_id,
        record_id=record_id_of(incident),
        kind="incident",
        state=incident.state,
        title=f"Incident, {incident.pattern.replace('_', ' ')}",
        sentence=incident.sentence,
        level=LEVELS[incident.severity],
        time=incident.last_seen or incident.first_seen or EPOCH,
        start=incident.first_seen,
        end=incident.last_seen,
        src=_endpoint(incident.actor, None, incident.actor_name, incident.actor_group),
        dst=_endpoint(incident.target, port, incident.target_name, incident.target_group),
        protocol=incident.protocol,
        event=incident,
        label=_name(incident.label),
        model_id=incident.model_id,
        source=bounded(incident.source, limit=256),
        n_alerts=incident.n_alerts,
    )


def sentence_of(alert: Alert) -> str:
    """Tell an alert in one line that prints as it is; its own sentence where it has one."""
    if alert.sentence:
        return visible(alert.sentence, limit=1000)
    ported, over = has_ports(alert.protocol), alert.transport_words
    who, whom = (
        "an unknown host"
        if address is None
        else visible(f"{address} port {port}" if ported and port is not None else address, limit=80)
        for address, port in ((alert.src_ip, alert.src_port), (alert.dst_ip, alert.dst_port))
    )
    text = f"{who} to {whom}{'' if over is None else f' over {over}'}: unlike benign traffic"
    if alert.label is not None:
        text += f", named {visible(alert.label, limit=40)}"
    return f"{text}; {visible(alert.reasons[0].sentence, limit=160)}" if alert.reasons else text


def _endpoint(address: str | None, port: int | None, name: str | None, group: str | None) -> Endpoint:
    shown = None if address is None else bounded(address, limit=_ADDRESS)
    return Endpoint(address=shown, ip=_ip(shown), port=port, name=_name(name), group=_name(group))


def _name(text: str | None) -> str | None:
    return None if text is None else bounded(text, limit=_ADDRESS)


@lru_cache(maxsize=4096)
def _ip(text: str | None) -> str | None:
    """An address of IP without its zone; None for anything else. Receivers refuse a whole record for a wrong one."""
    try:
        return None if text is None else str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return None
