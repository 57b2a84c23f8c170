"""ECS documents have the fields of the schema with its types; what it has no field for is below `clan`."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from tests.alerts.sinks.encodings.ecs_fields import mistakes
from tests.alerts.sinks.events import alert, hostile_events, incident, usual_events

from clan.alerts import Alert, Incident
from clan.alerts.sinks.encodings.ecs import Ecs


def document(event: Alert | Incident) -> dict[str, Any]:
    """A document that is right."""
    found: dict[str, Any] = json.loads(Ecs().encode(event))
    assert mistakes(found) == []
    return found


def test_every_sort_of_event_keeps_to_the_schema() -> None:
    for event in usual_events():
        document(event)


@settings(max_examples=100)
@given(event=hostile_events())
def test_hostile_events_keep_to_the_schema(event: Alert | Incident) -> None:
    document(event)


def test_what_an_alert_says() -> None:
    event = alert(label="port_scan", src_name="laptop")
    found = document(event)
    assert found["event"]["kind"] == "alert"
    assert found["event"]["duration"] == 2_000_000_000
    assert found["event"]["id"] == event.alert_id
    assert found["source"] == {"address": event.src_ip, "ip": event.src_ip, "port": event.src_port, "domain": "laptop"}
    assert found["network"]["transport"] == "tcp"
    assert found["related"]["ip"] == sorted([str(event.src_ip), str(event.dst_ip)])
    assert found["threat"]["technique"]["id"] == ["T1046"]
    assert found["clan"]["p_value"] == event.p_value
    assert found["clan"]["reasons"][0]["feature"] == event.reasons[0].feature


def test_only_a_named_class_has_a_technique() -> None:
    assert "threat" not in document(alert())
    assert "threat" not in document(alert(label="unknown"))
    assert document(incident())["threat"]["technique"]["name"] == ["Network Service Discovery"]


def test_what_is_no_address_is_no_ip() -> None:
    found = document(alert(src_ip="laptop.example\n", dst_ip="fe80::1%eth0"))
    assert "ip" not in found["source"]
    assert found["source"]["address"] == "laptop.example\n"
    assert found["destination"]["ip"] == "fe80::1"
