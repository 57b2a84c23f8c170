"""OCSF findings keep to the schema that the project publishes, as the package `ocsf-json-schema` ships it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema
from hypothesis import given, settings
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from tests.alerts.sinks.events import alert, hostile_events, incident, usual_events

from clan.alerts import Alert, Incident
from clan.alerts.quantity import quantity
from clan.alerts.sinks.encodings.ocsf import OCSF_VERSION, Ocsf


@cache
def validator() -> Any:
    """The schema of a Detection Finding with everything in it."""
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(OCSF_VERSION)).get_class_schema("detection_finding")
    return jsonschema.validators.validator_for(schema)(schema)


def checked(event: Alert | Incident) -> dict[str, Any]:
    """A finding that is right."""
    found: dict[str, Any] = json.loads(Ocsf().encode(event))
    assert [f"{'.'.join(map(str, e.absolute_path))}: {e.message}" for e in validator().iter_errors(found)] == []
    return found


def test_every_sort_of_event_keeps_to_the_schema() -> None:
    for event in usual_events():
        checked(event)


@settings(max_examples=30)
@given(event=hostile_events())
def test_hostile_events_keep_to_the_schema(event: Alert | Incident) -> None:
    checked(event)


def test_the_schema_refuses_what_is_wrong() -> None:
    found = checked(alert())
    mistakes: list[dict[str, Any]] = [
        {"severity_id": "High"},
        {"surprise": 1},
        {"anomaly_analyses": [{"anomalies": []}]},
    ]
    for wrong in mistakes:
        assert list(validator().iter_errors(found | wrong))


def test_reasons_are_anomaly_analyses_beside_their_baselines() -> None:
    event = alert()
    found = checked(event)
    assert len(found["anomaly_analyses"]) == len(event.reasons) == 5
    first = found["anomaly_analyses"][0]
    assert first["anomalies"][0]["observation_parameter"] == event.reasons[0].feature
    assert first["anomalies"][0]["observations"] == [{"value": quantity(event.reasons[0].value, "packets")}]
    assert len(first["baselines"][0]["observations"]) == 2


def test_an_incident_is_created_updated_and_closed_under_one_uid() -> None:
    found = [checked(incident(state=state)) for state in ("new", "update", "closed")]
    assert [f["type_uid"] for f in found] == [200401, 200402, 200403]
    assert [f["status_id"] for f in found] == [1, 1, 4]
    assert {f["finding_info"]["uid"] for f in found} == {"0123456789ab"}
    assert len({f["metadata"]["uid"] for f in found}) == 3
    assert found[0]["finding_info"]["attacks"][0]["technique"]["uid"] == "T1046"
    assert "attacks" not in checked(incident(label=None))["finding_info"]
