"""The file of a run gets whole lines at once, and says where it could not be written."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from tests.alerts.frames import alerts_of, scored_frame

from clan.alerts import Alert
from clan.alerts.sinks import Container, DirectSink, Event, encoding_of
from clan.alerts.sinks.transports.file import FileTransport, Options
from clan.errors import SinkError


def opened(path: str | Path, *, append: bool = False) -> DirectSink:
    """The file of a run."""
    return DirectSink(encoding_of("eve"), FileTransport(path, Options(append=append, min_free=0)))


class Uids:
    """The shortest encoding."""

    name, container = "uid", Container()

    def encode(self, event: Event) -> bytes:
        """Its uid."""
        assert isinstance(event, Alert)
        return event.uid.encode()


def test_one_line_an_alert_visible_before_closing(tmp_path: Path) -> None:
    path = tmp_path / "alerts.ndjson"
    alerts = alerts_of(scored_frame(50, 3))
    with opened(path) as sink:
        for count, alert in enumerate(alerts, 1):
            sink.emit(alert)
            assert path.read_bytes().count(b"\n") == count
    assert [json.loads(line)["event_type"] for line in path.read_text().splitlines()] == ["alert"] * 3


def test_many_at_once_are_the_same_lines(tmp_path: Path) -> None:
    alerts = alerts_of(scored_frame(50, 3)) * 200  # more than are handed on at once
    with opened(tmp_path / "one") as one, opened(tmp_path / "many") as many:
        for alert in alerts:
            one.emit(alert)
        many.emit(*alerts)
        many.emit()
        assert many.counters()["sent"] == 600
    assert (tmp_path / "many").read_bytes() == (tmp_path / "one").read_bytes()


def test_run_without_alerts_leaves_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "alerts.ndjson"
    path.write_text("from before\n")
    opened(path).close()
    assert path.read_bytes() == b""


def test_append_continues_a_file(tmp_path: Path) -> None:
    path = tmp_path / "alerts.ndjson"
    path.write_text("{}\n")
    (alert,) = alerts_of(scored_frame(10, 1))
    with DirectSink(Uids(), FileTransport(path)) as sink:
        sink.emit(alert)
    assert path.read_text() == f"{{}}\n{alert.uid}\n"


def test_dash_is_standard_output_and_stays_open(capsys: pytest.CaptureFixture[str]) -> None:
    (alert,) = alerts_of(scored_frame(10, 1))
    for _ in range(2):
        with opened("-") as sink:
            sink.emit(alert)
    assert capsys.readouterr().out.count("\n") == 2


def test_place_that_cannot_be_written_is_known_at_once(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"cannot be written to .*No such file"):
        opened(tmp_path / "nowhere" / "alerts.ndjson")


def test_closed_sink_refuses_and_closes_twice(tmp_path: Path) -> None:
    sink = opened(tmp_path / "a")
    sink.close()
    sink.close()
    with pytest.raises(SinkError, match="closed"):
        sink.emit(alerts_of(scored_frame(10, 1))[0])


def test_reader_that_went_away_is_a_sink_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str, /) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", Gone())
    with pytest.raises(SinkError, match="Broken pipe"):
        opened("-").emit(alerts_of(scored_frame(10, 1))[0])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_full_disk_is_a_sink_error() -> None:
    sink = opened("/dev/full")
    with pytest.raises(SinkError, match="No space left"):
        sink.emit(*alerts_of(scored_frame(10, 2)))
    assert sink.counters()["dropped"] == {"failed": 2}
    sink.close()
