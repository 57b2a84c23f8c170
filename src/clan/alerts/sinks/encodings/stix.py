"""Alerts as STIX 2.1: one bundle a file or request, which is whole after every batch.

An event is an `indicator` of the type `anomalous-activity`, an `observed-data` with its addresses and its traffic, and
a `sighting` that ties the two together. All identifiers are made of the event's own, so that a repetition is the same
object. An anomaly is no proof of malice, and the indicator says so by its type.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from clan.alerts.alert import Alert
from clan.alerts.json_line import json_line, known
from clan.alerts.sinks.base import Event
from clan.alerts.sinks.encoding import Container
from clan.alerts.sinks.finding import Endpoint, Finding, finding_of

SCO_NAMESPACE: Final = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""Namespace of the identifiers of observables, STIX 2.1 section 2.9."""
_OURS: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://pypi.org/project/clan-ids")
_SINCE: Final = "2026-01-01T00:00:00.000Z"
_IDENTITY: Final = f"identity--{uuid.uuid5(_OURS, 'identity')}"
_CALLED: Final = {"icmp": "icmp", "ipv6-icmp": "icmp6"}  # names as STIX wants them: those of IANA's registries


class Stix:
    """Objects of a STIX bundle; see the module."""

    def __init__(self) -> None:
        self.name = "stix"
        identity = {
            "type": "identity",
            "spec_version": "2.1",
            "id": _IDENTITY,
            "created": _SINCE,
            "modified": _SINCE,
            "name": "clan",
            "identity_class": "system",
            "description": "A network intrusion detector that learns what is normal.",
        }
        head = f'{{"type":"bundle","id":"bundle--{uuid.uuid4()}","objects":[\n'.encode() + json_line(identity)
        self.container = Container(
            head=head, first=b",\n", between=b",\n", tail=b"\n]}\n", media_type="application/stix+json;version=2.1"
        )

    def encode(self, event: Event) -> bytes:
        """Write an event as objects with commas between them."""
        return b",".join(json_line(each) for each in _objects(finding_of(event)))


def encoding(_: str) -> Stix:
    """Make the encoding."""
    return Stix()


def _objects(f: Finding) -> list[dict[str, Any]]:
    observed = _observables(f)
    at = _stamp(f.time)
    begin, end = f.start or f.time, f.end or f.start or f.time
    if not observed:  # nothing that STIX knows was seen: a note says what was
        return [_indicator_free_note(f, at)]
    common = {"spec_version": "2.1", "created_by_ref": _IDENTITY, "created": at, "modified": at}
    data = {
        "type": "observed-data",
        "id": _id("observed-data", f.record_id),
        **common,
        "first_observed": _stamp(begin),
        "last_observed": _stamp(max(begin, end)),
        "number_observed": min(max(f.n_alerts, 1), 999_999_999),
        "object_refs": [each["id"] for each in observed],
    }
    indicator = known(
        type="indicator",
        id=_id("indicator", f.record_id),
        **common,
        name=f.title,
        description=f.sentence,
        indicator_types=["anomalous-activity"],
        pattern=_pattern(f),
        pattern_type="stix",
        valid_from=at,
        labels=[f"severity-{f.level.name}", *([f.label] if f.label else [])],
        external_references=_references(f),
    )
    sighting = {
        "type": "sighting",
        "id": _id("sighting", f.record_id),
        **common,
        "first_seen": _stamp(begin),
        "last_seen": _stamp(max(begin, end)),
        "count": data["number_observed"],
        "sighting_of_ref": indicator["id"],
        "observed_data_refs": [data["id"]],
        "where_sighted_refs": [_IDENTITY],
    }
    return [*observed, data, indicator, sighting]


def _references(f: Finding) -> list[dict[str, str]] | None:
    technique = f.technique
    if technique is None:
        return None
    return [{"source_name": "mitre-attack", "external_id": technique.technique_id, "description": technique.name}]


def _indicator_free_note(f: Finding, at: str) -> dict[str, Any]:
    return {
        "type": "note",
        "spec_version": "2.1",
        "id": _id("note", f.record_id),
        "created_by_ref": _IDENTITY,
        "created": at,
        "modified": at,
        "abstract": f.title,
        "content": f.sentence,
        "object_refs": [_IDENTITY],
    }


def _observables(f: Finding) -> list[dict[str, Any]]:
    sides = {role: _address(end) for role, end in (("src", f.src), ("dst", f.dst)) if end.ip is not None}
    if not sides:
        return []
    version = next(end.version for end in (f.src, f.dst) if end.version is not None)
    called = (f.transport or "").lower()
    traffic = known(
        type="network-traffic",
        spec_version="2.1",
        **{f"{role}_ref": each["id"] for role, each in sides.items()},
        src_port=_port(f.src),
        dst_port=_port(f.dst),
        protocols=[f"ipv{version}", *([_CALLED.get(called, called)] if called and not called.isdigit() else [])],
        **_times(f),
    )
    alert = f.event if isinstance(f.event, Alert) else None
    if alert is not None:
        traffic |= known(src_packets=alert.packets_fwd, dst_packets=alert.packets_bwd)
    # The identifier of traffic is that of the record: two flows between the same ports are not the same traffic.
    traffic["id"] = f"network-traffic--{uuid.uuid5(_OURS, 'network-traffic' + f.record_id)}"
    unique = {each["id"]: each for each in sides.values()}
    return [*unique.values(), traffic]


def _times(f: Finding) -> dict[str, Any]:
    if f.start is None:
        return {}
    if f.end is None or f.end < f.start:
        return {"start": _stamp(f.start)}
    return {"start": _stamp(f.start), "end": _stamp(f.end), "is_active": False}


def _port(end: Endpoint) -> int | None:
    return end.port if end.port is not None and 0 <= end.port <= 0xFFFF else None


def _address(end: Endpoint) -> dict[str, Any]:
    kind, value = f"ipv{end.version}-addr", end.ip or ""
    name = uuid.uuid5(SCO_NAMESPACE, f'{{"value":"{value}"}}')
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{name}", "value": value}


def _pattern(f: Finding) -> str:
    """Only addresses and ports that were checked, so that no text of an attacker is part of it."""
    parts = [
        f"network-traffic:{role}_ref.value = '{end.ip}'" for role, end in (("src", f.src), ("dst", f.dst)) if end.ip
    ]
    port = _port(f.dst)
    if port is not None:
        parts.append(f"network-traffic:dst_port = {port}")
    return f"[{' AND '.join(parts)}]"


def _id(kind: str, record_id: str) -> str:
    return f"{kind}--{uuid.uuid5(_OURS, kind + record_id)}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
