"""STIX bundles pass the strict reading of OASIS's own library and validator."""

from __future__ import annotations

import json
from typing import Any

import stix2
import stix2validator
from hypothesis import given, settings
from tests.alerts.sinks.events import alert, bare_alert, hostile_events, incident, usual_events

from clan.alerts import Alert, Incident
from clan.alerts.sinks.encodings.stix import Stix


def bundle(*events: Alert | Incident) -> dict[str, Any]:
    """A bundle that is right, with its objects."""
    encoding = Stix()
    container = encoding.container
    text = container.document([encoding.encode(event) for event in events]).decode()
    stix2.parse(text, allow_custom=False)
    options = stix2validator.ValidationOptions(version="2.1", strict_types=True, strict_properties=True)
    result = stix2validator.validate_string(text, options)
    assert result.is_valid, [str(e) for r in result.object_results for e in r.errors]
    found: dict[str, Any] = json.loads(text)
    return found


def by_type(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["type"]: each for each in found["objects"]}


def test_every_sort_of_event_passes() -> None:
    bundle(*usual_events())


@settings(max_examples=25)
@given(event=hostile_events())
def test_hostile_events_pass(event: Alert | Incident) -> None:
    bundle(event)


def test_an_alert_is_an_indicator_seen_in_observed_data() -> None:
    found = by_type(bundle(alert()))
    sighting, indicator = found["sighting"], found["indicator"]
    assert sighting["sighting_of_ref"] == indicator["id"]
    assert sighting["observed_data_refs"] == [found["observed-data"]["id"]]
    assert indicator["indicator_types"] == ["anomalous-activity"]
    assert indicator["pattern"].startswith("[network-traffic:src_ref.value = '10.0.0.")
    assert found["network-traffic"]["id"] in found["observed-data"]["object_refs"]


def test_repetitions_have_the_same_identifiers() -> None:
    one, other = ({o["id"] for o in bundle(incident())["objects"]} for _ in range(2))
    assert one == other


def test_addresses_have_the_identifiers_of_the_standard() -> None:
    """The library makes the identifier of an address from its value."""
    found = by_type(bundle(alert(src_ip="2001:db8::1", dst_ip="2001:db8::1")))
    assert found["ipv6-addr"]["id"] == stix2.IPv6Address(value="2001:db8::1").id


def test_nothing_seen_is_a_note() -> None:
    assert set(by_type(bundle(bare_alert()))) == {"identity", "note"}
