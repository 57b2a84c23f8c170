"""The file sink writes whole lines at once, and says where it could not."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from tests.alerts.frames import alerts_of, scored_frame

from clan.alerts import FileSink
from clan.errors import SinkError


def test_one_line_an_alert_visible_before_closing(tmp_path: Path) -> None:
    path = tmp_path / "alerts.ndjson"
    alerts = alerts_of(scored_frame(50, 3))
    with FileSink(path) as sink:
        for count, alert in enumerate(alerts, 1):
            sink.emit(alert)
            assert path.read_bytes().count(b"\n") == count
    assert [json.loads(line)["event_type"] for line in path.read_text().splitlines()] == ["alert"] * 3


def test_run_without_alerts_leaves_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "alerts.ndjson"
    path.write_text("from before\n")
    FileSink(path).close()
    assert path.read_bytes() == b""


def test_append_continues_a_file(tmp_path: Path) -> None:
    path = tmp_path / "alerts.ndjson"
    path.write_text("{}\n")
    (alert,) = alerts_of(scored_frame(10, 1))
    with FileSink(path, append=True, encode=lambda a: a.uid) as sink:
        sink.emit(alert)
    assert path.read_text() == f"{{}}\n{alert.uid}\n"


def test_dash_is_standard_output_and_stays_open(capsys: pytest.CaptureFixture[str]) -> None:
    (alert,) = alerts_of(scored_frame(10, 1))
    sink = FileSink("-")
    sink.emit(alert)
    sink.close()
    sink.emit(alert)
    assert capsys.readouterr().out.count("\n") == 2


def test_place_that_cannot_be_written_is_known_at_once(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"cannot be written to .*No such file"):
        FileSink(tmp_path / "nowhere" / "alerts.ndjson")


def test_closed_sink_refuses_and_closes_twice(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "a")
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
        FileSink("-").emit(alerts_of(scored_frame(10, 1))[0])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_full_disk_is_a_sink_error() -> None:
    sink = FileSink("/dev/full")
    with pytest.raises(SinkError, match="No space left"):
        sink.emit(alerts_of(scored_frame(10, 1))[0])
    with pytest.raises(SinkError, match="No space left"):
        sink.close()
