"""Several sinks take the same alerts, each those that it wants."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from tests.alerts.sinks.events import alert, incident
from tests.alerts.sinks.transports.sending import sink_of

from clan.alerts.sinks import counters_of
from clan.cli.sinking import reopened_by_hangup


@pytest.mark.parametrize(
    ("options", "n"),
    [({}, 2), ({"events": "incidents"}, 1), ({"events": "all"}, 3), ({"events": "all", "severity": "high"}, 2)],
)
def test_a_sink_takes_what_it_wants(tmp_path: Path, options: dict[str, str], n: int) -> None:
    path = tmp_path / "a"
    with sink_of(f"file:{path}", tmp_path, **options) as sink:
        for event in (alert(severity=1), alert(severity=4), incident(severity=1)):
            sink.emit(event)
    assert path.read_bytes().count(b"\n") == n
    assert counters_of([sink])[sink.name]["sent"] == n


def test_hangup_has_files_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "a"
    before = signal.getsignal(signal.SIGHUP)
    with sink_of(f"file:{path}", tmp_path) as sink, reopened_by_hangup([sink]):
        sink.emit(alert())
        path.rename(tmp_path / "a.1")
        signal.raise_signal(signal.SIGHUP)
        sink.emit(alert())
    assert signal.getsignal(signal.SIGHUP) == before
    assert [p.read_bytes().count(b"\n") for p in (path, tmp_path / "a.1")] == [1, 1]
