"""EVE lines keep to Suricata's schema, and carry nothing raw from an attacker."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from msgspec.structs import replace
from tests.alerts.frames import HOSTILE, alerts_of, hostile_frame, hostile_reason, scored_frame
from tests.alerts.sinks.events import bare_incident, hostile_events, incident

from clan.alerts import Alert, Incident
from clan.alerts.sinks.encodings.eve import GENERATOR_ID, INCIDENT_ID, Eve, encode, flow_id

STRING, INTEGER = {"type": "string"}, {"type": "integer"}
SCHEMA: dict[str, Any] = {
    "required": ["timestamp", "event_type", "flow_id", "alert"],
    "properties": {
        "timestamp": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}[+\-]\d{4}$"},
        "flow_id": {"type": "integer", "maximum": 2**51 - 1},
        "event_type": STRING,
        "src_ip": STRING,
        "src_port": INTEGER,
        "dest_ip": STRING,
        "dest_port": INTEGER,
        "proto": {"type": "string", "pattern": r"^([A-Z0-9v-]+|IPv6-ICMP)$"},
        "community_id": STRING,
        "vlan": {"items": INTEGER},
        "alert": {
            "required": ["action", "gid", "signature_id", "rev", "signature", "category", "severity", "metadata"],
            "properties": {
                "action": {"type": "string", "pattern": "^allowed$"},
                "gid": INTEGER,
                "signature_id": INTEGER,
                "rev": INTEGER,
                "signature": STRING,
                "category": STRING,
                "severity": {"type": "integer", "maximum": 4},
                "metadata": {"values": {"items": STRING}},
            },
        },
        "flow": {
            "required": [],
            "properties": {"pkts_toserver": INTEGER, "pkts_toclient": INTEGER, "start": STRING, "end": STRING},
        },
    },
}


def check(value: Any, schema: dict[str, Any], where: str = "$") -> None:
    """Hold a value against the small part of JSON Schema that EVE alerts need; nothing unnamed is let in."""
    import re

    if schema.get("type") == "string":
        assert isinstance(value, str), where
        assert re.search(schema.get("pattern", ""), value), where
    elif schema.get("type") == "integer":
        assert type(value) is int, where
        assert 0 <= value <= schema.get("maximum", 2**63 - 1), where
    elif "items" in schema:
        assert isinstance(value, list), where
        for item in value:
            check(item, schema["items"], where)
    elif "values" in schema:
        for key, item in value.items():
            check(item, schema["values"], f"{where}.{key}")
    else:
        assert set(value) <= set(schema["properties"]), where
        assert set(schema["required"]) <= set(value), where
        for key, item in value.items():
            check(item, schema["properties"][key], f"{where}.{key}")


def test_every_line_keeps_to_the_schema() -> None:
    for alert in alerts_of(scored_frame(200, 6)):
        check(json.loads(encode(alert)), SCHEMA)


def test_what_is_not_known_is_left_out_and_the_line_still_keeps_to_the_schema() -> None:
    (alert,) = alerts_of(scored_frame(10, 1))
    bare = replace(
        alert, timestamp=None, ts_end=None, src_ip=None, src_port=None, dst_ip=None, dst_port=None, protocol=None,
        community_id=None, reasons=(), packets_fwd=None, packets_bwd=None, payload_bytes_fwd=None,
        payload_bytes_bwd=None,
    )  # fmt: skip
    event = json.loads(encode(bare))
    check(event, SCHEMA)
    assert set(event) == {"timestamp", "flow_id", "event_type", "alert"}
    assert event["timestamp"] == "1970-01-01T00:00:00.000000+0000"
    assert event["alert"]["metadata"]["time"] == ["unavailable"]


def test_incidents_keep_to_the_schema_under_a_signature_of_their_own() -> None:
    schema = SCHEMA | {"required": ["timestamp", "event_type", "alert"]}
    for event in (incident(), bare_incident(), incident(state="closed", merged_into="ba9876543210", n_ports=1)):
        found = json.loads(Eve().encode(event))
        check(found, schema)
        assert found["alert"]["signature_id"] == INCIDENT_ID
        assert found["alert"]["metadata"]["n_alerts"] == [str(event.n_alerts)]
    assert "flow" not in json.loads(Eve().encode(bare_incident()))


@settings(max_examples=60)
@given(event=hostile_events())
def test_hostile_events_keep_to_the_schema(event: Alert | Incident) -> None:
    check(json.loads(Eve().encode(event)), SCHEMA | {"required": ["timestamp", "event_type", "alert"]})


def test_metadata_holds_the_decision_and_five_reasons_exactly() -> None:
    (alert,) = alerts_of(scored_frame(100, 1))
    event = json.loads(encode(alert))
    meta = event["alert"]["metadata"]
    assert float(meta["anomaly_score"][0]) == alert.anomaly_score
    assert float(meta["p_value"][0]) == alert.p_value
    assert float(meta["threshold"][0]) == alert.threshold
    assert meta["model_id"] == ["office-1"]
    assert meta["feature"] == [r.feature for r in alert.reasons]
    assert [float(v) for v in meta["benign_quantile"]] == [r.benign_quantile for r in alert.reasons]
    lists = ("feature", "feature_value", "feature_unit", "benign_quantile", "benign_low", "benign_high", "reason")
    assert {len(meta[name]) for name in lists} == {5}
    assert event["flow"]["pkts_toserver"] == alert.packets_fwd


def test_a_name_is_in_the_metadata_and_changes_no_signature() -> None:
    (alert,) = alerts_of(scored_frame(10, 1))
    named = replace(alert, label="unknown", likeliest_label=HOSTILE, label_probability=0.1)
    before, event = (json.loads(encode(each)) for each in (alert, named))
    check(event, SCHEMA)
    meta = event["alert"].pop("metadata")
    assert (meta["label"], meta["likeliest_label"], meta["label_probability"]) == (["unknown"], [HOSTILE], ["0.1"])
    assert not any("label" in name for name in before["alert"].pop("metadata"))
    assert event == before


def test_gid_is_private_and_the_signature_survives_retraining() -> None:
    (alert,) = alerts_of(scored_frame(10, 1))
    old, new = (json.loads(encode(replace(alert, model_id=m)))["alert"] for m in ("a", "b"))
    assert old["gid"] == GENERATOR_ID
    assert old["signature_id"] == new["signature_id"]


@pytest.mark.parametrize(
    ("protocol", "name"), [(6, "TCP"), (17, "UDP"), (1, "ICMP"), (58, "IPv6-ICMP"), (132, "SCTP"), (46, "046")]
)
def test_protocols_have_the_names_of_eve(protocol: int, name: str) -> None:
    (alert,) = alerts_of(scored_frame(10, 1))
    assert json.loads(encode(replace(alert, protocol=protocol)))["proto"] == name


def test_hostile_text_is_escaped_and_comes_back_unchanged() -> None:
    for alert in alerts_of(hostile_frame()):
        line = encode(replace(alert, reasons=(hostile_reason(),)))
        assert line.isascii()
        assert line.isprintable()
        assert "<" not in line
        event = json.loads(line)
        check(event, SCHEMA)
        assert event["src_ip"] == HOSTILE
        assert event["alert"]["metadata"]["feature"] == [HOSTILE]


def test_flow_id_is_stable_and_survives_javascript() -> None:
    assert flow_id("C1") == flow_id("C1") != flow_id("C2")
    assert 0 <= flow_id("C\udce9") < 2**51


def test_vlans_and_tunnel_are_told() -> None:
    frame = scored_frame(40, 3).with_columns(vlan=pl.lit("100.20"), tunnel=pl.lit("vxlan 192.0.2.1>192.0.2.2#7"))
    event = json.loads(encode(alerts_of(frame)[0]))
    assert event["vlan"] == [100, 20]
    assert event["alert"]["metadata"]["tunnel"] == ["vxlan 192.0.2.1>192.0.2.2#7"]
