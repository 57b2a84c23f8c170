"""notice.log is read back by a reader of Zeek's logs, value by value."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from tests.alerts.sinks.events import alert, bare_alert, hostile_events, incident, usual_events

from clan.alerts import Alert, Incident
from clan.alerts.sinks import encoding_of
from clan.alerts.sinks.encodings.zeek_notice import COLUMNS, ZeekNotice


def log_of(*events: Alert | Incident) -> bytes:
    encoding = ZeekNotice(text=True)
    return encoding.container.head + b"".join(encoding.encode(event) + b"\n" for event in events)


def cells(*events: Alert | Incident) -> list[dict[str, str | None]]:
    """Rows as Zeek's own reader sees them: split at tabs, then unset, then unescaped."""
    rows: list[dict[str, str | None]] = []
    fields: list[str] = []
    for line in log_of(*events).decode("ascii").splitlines():
        if line.startswith("#"):
            fields = line.split("\t")[1:] if line.startswith("#fields") else fields
            continue
        values = line.split("\t")
        assert len(values) == len(fields)
        rows.append({n: None if v == "-" else _unescaped(v) for n, v in zip(fields, values, strict=True)})
    return rows


def _unescaped(text: str) -> str:
    return text.encode("ascii").decode("unicode_escape").encode("latin-1").decode("utf-8")


@pytest.mark.filterwarnings("ignore:unrecognised enum value")  # it knows the notices of Zeek's own scripts only
@pytest.mark.filterwarnings("ignore:log file exited with error")  # a log that is still written to has no #close
def test_a_reader_of_zeek_logs_reads_it(tmp_path: Path) -> None:
    from zlogging.loader import parse_ascii

    path = tmp_path / "notice.log"
    path.write_bytes(log_of(*usual_events()))
    found: Any = parse_ascii(str(path))
    assert (found.path, len(found.data)) == ("notice", len(usual_events()))
    first, event = found.data[0], usual_events()[0]
    assert isinstance(event, Alert)
    assert str(getattr(first, "id.orig_h")) == event.src_ip
    assert getattr(first, "id.resp_p").value == event.dst_port
    assert first.uid.decode() == event.uid
    assert first.note.name == "CLAN::Anomalous_Flow"


@settings(max_examples=80)
@given(event=hostile_events())
def test_hostile_text_comes_back_as_it_was(event: Alert | Incident) -> None:
    (row,) = cells(event)
    assert list(row) == list(COLUMNS)
    if isinstance(event, Alert) and len(event.uid) < 128 and not any("\ud800" <= c <= "\udfff" for c in event.uid):
        assert row["uid"] == (event.uid or None)


@pytest.mark.parametrize("uid", ["-", "(empty)", "a\tb", "a\\x09b", "#close", "\\"])
def test_values_that_mean_something_else_to_zeek(uid: str) -> None:
    assert cells(alert(uid=uid))[0]["uid"] == uid


def test_a_connection_is_whole_or_not_there() -> None:
    (row,) = cells(bare_alert())
    assert {row[name] for name in ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "src", "dst", "p")} == {None}
    (row,) = cells(incident())
    assert (row["id.orig_h"], row["src"], row["dst"], row["n"]) == (None, "10.0.0.5", "192.0.2.7", "10000")


def test_json_has_zeeks_names_and_types() -> None:
    event = alert()
    found = json.loads(encoding_of("zeek-json").encode(event))
    assert found.keys() <= COLUMNS.keys()
    assert found["id.orig_h"] == event.src_ip
    assert found["ts"] == event.timestamp.timestamp() if event.timestamp else None
    assert found["actions"] == ["Notice::ACTION_LOG"]


def test_head_is_lines_of_zeeks_form() -> None:
    head = io.BytesIO(ZeekNotice(text=True).container.head).readlines()
    assert head[0] == b"#separator \\x09\n"
    assert [line.split(b"\t")[0] for line in head[1:]] == [
        b"#set_separator", b"#empty_field", b"#unset_field", b"#path", b"#open", b"#fields", b"#types",
    ]  # fmt: skip
    assert head[-1].count(b"\t") == head[-2].count(b"\t") == len(COLUMNS)
