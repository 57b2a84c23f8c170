"""`--sink` and `clan sinks` on the command line: what goes where, what is told of it, and what is a mistake."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from tests.alerts.sinks.transports.receivers import Rsyslog, running

from clan.cli import main


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    return tmp_path / "state" / "clan" / "spool"


def test_several_sinks_at_once_and_one_that_is_away(
    model: str, mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one that is away holds up nobody; its alerts are sent by the next run."""
    ecs, log, eve = tmp_path / "ecs.ndjson", tmp_path / "notice.log", tmp_path / "eve.ndjson"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    away = f"syslog+tcp://127.0.0.1:{port}?name=soc&drain=0.2&settle=0.2"
    places = [f"file:{ecs}?format=ecs", f"file:{log}?format=zeek&events=all", away]
    sinks = [word for place in places for word in ("--sink", place)]
    assert main(["detect", "-m", model, "-r", mixed, "-o", str(eve), "--json", "-q", *sinks]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    n = found["alerts"]
    assert n > 30
    assert len(eve.read_text().splitlines()) == len(ecs.read_text().splitlines()) == n
    notices = [line.split("\t")[7] for line in log.read_text().splitlines() if not line.startswith("#")]
    assert notices.count("CLAN::Anomalous_Flow") == n
    assert notices.count("CLAN::Incident") >= found["incidents"]
    assert found["sinks"]["soc"]["spooled"] == n
    assert f"sink soc: 0 sent, {found['sinks']['soc']['retried']} retried, {n:,} left in its spool" in captured.err
    with running(Rsyslog(tmp_path)) as rsyslog:
        again = f"syslog+tcp://127.0.0.1:{rsyslog.tcp}?name=soc"
        assert main(["detect", "-m", model, "-r", mixed, "--sink", again, "--json", "-q"]) == 0
        assert json.loads(capsys.readouterr().out)["sinks"]["soc"]["sent"] == 2 * n
        assert len(rsyslog.records()) == 2 * n


def test_a_sink_is_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str], state: Path) -> None:
    path = tmp_path / "a.ndjson"
    assert main(["sinks", "test", f"file:{path}?format=ocsf&severity=high"]) == 0
    assert json.loads(path.read_text())["finding_info"]["title"] == "Test of a sink, no alert"
    assert "the test alert was sent" in capsys.readouterr().err
    assert main(["sinks", "test", "syslog+tcp://127.0.0.1:1?drain=0.1"]) == 1
    assert "Connection refused" in capsys.readouterr().err
    assert not state.exists()


def test_what_waits_is_told(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sinks", "waiting"]) == 0
    assert "nothing waits" in capsys.readouterr().err
    from clan.alerts.delivery import Record, Spool

    spool = Spool(state / "soc")
    spool.append(Record("a", b"b"))
    spool.close()
    assert main(["sinks", "waiting"]) == 0
    assert capsys.readouterr().out.startswith("soc\t")


def test_every_kind_and_its_options_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sinks", "list"]) == 0
    out = capsys.readouterr().out
    for word in ("kafka://", "settle=1s", "maxlen=0", "spool_max=256MiB", "signed=yes", "formats: cef, ecs, eve"):
        assert word in out


@pytest.mark.parametrize(
    ("sinks", "message"),
    [
        (["file:a?formatt=ecs"], "did you mean 'format'"),
        (["redis://:hunter2@h/s"], "password_env=VARIABLE"),
        (["file:a", "file:a?severity=low"], "two sinks are called"),
        (["alerts.ndjson"], "is no sink"),
        (["file:a%00b"], "has a %00 in it"),
    ],
)
def test_mistakes(sinks: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for place in sinks for word in ("--sink", place)]
    assert main(["detect", "-m", "no.clan", "-r", "no.pcap", *words]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert "hunter2" not in told
