"""Every encoding writes one bounded line that no text of an attacker can end, forge or make unreadable."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from tests.alerts.sinks.events import alert, hostile_alert, hostile_events, hostile_incident, incident, usual_events

from clan.alerts import Alert, Incident
from clan.alerts.json_line import LARGEST
from clan.alerts.sinks import encoding_names, encoding_of

JSON = ("ecs", "eve", "ocsf", "zeek-json")
MOST = 256 << 10
"""Longest record in bytes, whatever an attacker writes."""


@pytest.mark.parametrize("name", encoding_names())
@settings(max_examples=60)
@given(event=hostile_events())
def test_hostile_text(name: str, event: Alert | Incident) -> None:
    encoding = encoding_of(name)
    line = encoding.encode(event)
    text = line.decode("utf-8")  # lone surrogates would not get here
    assert 0 < len(line) < MOST
    assert all(char.isprintable() or (char == "\t" and name == "zeek") for char in text)
    assert encoding_of(name).encode(event) == line  # same event, same bytes
    if name in JSON:
        assert line.isascii()
        assert not set(b"<>&\x7f") & set(line)
        json.loads(text)


@pytest.mark.parametrize("name", encoding_names())
def test_texts_of_a_megabyte_are_bounded(name: str) -> None:
    for text in ("x", "\n", "\ud800", "\U0001f600"):
        for event in (hostile_alert([text * 1_000_000] * 4), hostile_incident([text * 1_000_000] * 4)):
            assert len(encoding_of(name).encode(event)) < MOST


@pytest.mark.parametrize("name", encoding_names())
def test_every_sort_of_event_is_a_line_of_its_own(name: str) -> None:
    encoding = encoding_of(name)
    lines = [encoding.encode(event) for event in usual_events()]
    assert all(line and b"\n" not in line for line in lines)
    assert len(set(lines)) == len(lines)
    assert max(map(len, lines)) < 8192  # what rsyslog takes unless told otherwise


@pytest.mark.parametrize("name", encoding_names())
@pytest.mark.parametrize("score", [float("inf"), float("-inf"), float("nan"), 1e308])
def test_any_score_can_be_written(name: str, score: float) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    encoding = encoding_of(name)
    for event in (alert(anomaly_score=score, threshold=-score), incident(anomaly_score=score)):
        line = encoding.encode(event)
        if name in JSON:
            found = json.loads(line, parse_constant=refuse)
            if name == "ecs":
                known = found["event"].get("risk_score"), found["clan"].get("score")
                assert known == ((None, None) if score != score else (math.copysign(LARGEST, score),) * 2)  # noqa: PLR0124


@pytest.mark.parametrize("name", encoding_names())
def test_several_records_are_a_document(name: str) -> None:
    encoding = encoding_of(name)
    container = encoding.container
    document = container.document([encoding.encode(event) for event in usual_events()])
    assert document.endswith(b"\n")
    if name == "stix":
        assert json.loads(document)["type"] == "bundle"
        assert json.loads(container.head + container.tail)["type"] == "bundle"  # a run without alerts
    elif name in JSON:
        assert len([json.loads(line) for line in document.splitlines()]) == len(usual_events())
