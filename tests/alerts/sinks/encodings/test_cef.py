"""CEF records are read back by the format's grammar, field by field, whatever the fields hold.

The grammar is that of the "ArcSight Common Event Format (CEF) Implementation Standard", version 25: a header of eight
parts between bars, then `key=value` pairs, where a value ends where the next key begins.
"""

from __future__ import annotations

import re

from hypothesis import given, settings
from tests.alerts.sinks.events import alert, hostile_events, incident, usual_events

from clan.alerts import Alert, Incident
from clan.alerts.sinks.encodings.cef import Cef

_HEADER = re.compile(r"CEF:0" + r"\|((?:[^\\|]|\\[\\|])*)" * 6 + r"\|(.*)")
_PAIR = re.compile(r"([A-Za-z0-9_.]+)=((?:[^\\=]|\\[\\=nr])*?)(?=\s[A-Za-z0-9_.]+=|$)")
NUMBERS = {"spt", "dpt", "cnt", "rt", "start", "end"}
KEYS = {
    "externalId", "rt", "start", "end", "src", "spt", "shost", "c6a2", "c6a2Label", "dst", "dpt", "dhost", "c6a3",
    "c6a3Label", "proto", "cat", "cnt", "msg", "cfp1", "cfp1Label", "cfp2", "cfp2Label", "cs1", "cs1Label", "cs2",
    "cs2Label", "cs3", "cs3Label", "cs4", "cs4Label", "cs5", "cs5Label", "cs6", "cs6Label",
}  # fmt: skip


def parsed(event: Alert | Incident) -> tuple[list[str], dict[str, str]]:
    """Header and extension of a record, unescaped."""
    record = Cef().encode(event).decode()
    header = _HEADER.fullmatch(record)
    assert header, record
    *parts, extension = header.groups()
    pairs, at = {}, 0
    for pair in _PAIR.finditer(extension):
        assert pair.start() == at, extension
        at = pair.end() + 1
        assert pair[1] not in pairs
        pairs[pair[1]] = re.sub(r"\\(.)", r"\1", pair[2])
    assert at == len(extension) + 1, extension
    return [re.sub(r"\\(.)", r"\1", part) for part in parts], pairs


def check(event: Alert | Incident) -> dict[str, str]:
    """The fields of a record that is right."""
    header, pairs = parsed(event)
    assert header[:2] == ["clan", "clan"]
    assert 0 <= int(header[5]) <= 10
    assert pairs.keys() <= KEYS
    for key in NUMBERS & pairs.keys():
        int(pairs[key])
    assert len(pairs["msg"]) <= 1023
    return pairs


def test_every_sort_of_event_is_read_back() -> None:
    for event in usual_events():
        check(event)


@settings(max_examples=80)
@given(event=hostile_events())
def test_hostile_events_forge_no_field(event: Alert | Incident) -> None:
    pairs = check(event)
    expected = (event.anomaly_score, event.p_value)
    assert (float(pairs["cfp1"]), float(pairs["cfp2"])) == expected


def test_what_an_alert_says() -> None:
    event = alert(src_ip="10.0.0.1", dst_ip="2001:db8::2", severity=1, label="a=b|c\\d")
    header, pairs = parsed(event)
    assert header[3:] == ["2509:1", "Anomalous flow", "8"]
    assert (pairs["src"], pairs["c6a3"], pairs["c6a3Label"]) == ("10.0.0.1", "2001:db8::2", "Destination IPv6 Address")
    assert pairs["cat"] == "a=b|c\\d"
    assert pairs["externalId"] == event.alert_id
    assert pairs["cs3"] == event.reasons[0].sentence
    assert parsed(incident())[0][3] == "2509:2"
