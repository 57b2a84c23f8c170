"""Flow records on the command line: train, detect, annotate, follow and evaluate on Zeek logs and Suricata's events."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from tests.sources.suricata import events
from tests.sources.zeek.logs import CONN, connections, header, lines, ndjson, text

from clan import ClanDetector
from clan.cli import main
from clan.cli.live import WatchedFollowReader
from clan.sources import FlowReader

ROWS = connections(200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


@pytest.fixture(scope="module")
def zeek_model(folder: Path) -> str:
    """A model of ordinary TLS connections of different lengths."""
    rows = [{**row, "orig_ip_bytes": 1000 + i % 97, "duration": 1 + (i % 13) / 10} for i, row in enumerate(ROWS)]
    (folder / "conn.log").write_text(text(rows))
    model = str(folder / "zeek.clan")
    assert main(["train", "-r", str(folder / "conn.log"), "-o", model, "--fpr", "0.1", "-q"]) == 0
    return model


def test_detect_on_the_other_form_of_the_log(zeek_model: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = {**ROWS[0], "uid": "Codd", "orig_ip_bytes": 10**9, "history": "R", "conn_state": "REJ", "resp_pkts": 0}
    (folder / "other.log").write_text(ndjson([*ROWS[:20], odd]))
    assert main(["detect", "-m", zeek_model, "-r", str(folder / "other.log"), "-o", "-", "-q"]) == 0
    assert "Codd" in capsys.readouterr().out


def test_a_log_that_is_missing_beside_what_is_scored_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole, part, labels, model = folder / "whole", folder / "part", folder / "labels.csv", str(folder / "http.clan")
    for each in (whole, part):
        each.mkdir()
        (each / "conn.log").write_text(text(ROWS))
    requests = [{"ts": row["ts"], "uid": row["uid"], "method": "GET", "status_code": 200} for row in ROWS]
    (whole / "http.log").write_text(text(requests, "http", ["ts", "uid", "method", "status_code"]))
    labels.write_text(f"uid,label\n{ROWS[0]['uid']},attack\n")
    assert main(["train", "-r", str(whole / "conn.log"), "-o", model, "--fpr", "0.1", "-q"]) == 0
    run = ["-m", model, "-r", str(part / "conn.log")]
    assert main(["detect", *run, "-o", str(folder / "a.ndjson"), "--json"]) == 0
    shown = capsys.readouterr()
    told = " ".join(shown.err.split())
    unknown = json.loads(shown.out)["unknown_features"]
    assert "conn_http_requests" in unknown
    assert f"{len(unknown)} of the " in told
    assert "are unknown in all 200 flows" in told
    assert main(["evaluate", *run, "--labels", str(labels), "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)[0]["unknown_features"] == unknown
    assert "http.clan: " in shown.err
    assert main(["detect", "-m", model, "-r", str(whole / "conn.log"), "-o", str(folder / "a.ndjson")]) == 0
    assert "unknown in all" not in " ".join(capsys.readouterr().err.split())


def test_annotate_writes_every_record_on(zeek_model: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder / "scored.log"
    assert main(["detect", "-m", zeek_model, "-r", str(folder / "conn.log"), "--annotate", "-o", str(out), "-q"]) == 0
    assert main(["flows", "-r", str(out), "-o", str(folder / "f.parquet"), "-q"]) == 0  # it is a conn.log still
    assert len([line for line in out.read_text().splitlines() if not line.startswith("#")]) == 200
    assert capsys.readouterr().out == ""


@pytest.mark.filterwarnings("ignore::clan.errors.DataQualityWarning")  # of columns that Suricata cannot tell
def test_annotate_tells_of_events_that_are_no_flows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flows = [events.flow(i) for i in range(100)]
    others = [{**flows[0], "event_type": kind} for kind in ("dns", "dns", "made_up")]
    (folder / "mixed-eve.json").write_text(events.lines([*flows, *others]))
    reader = FlowReader([str(folder / "mixed-eve.json")])
    detector = ClanDetector(fpr=0.1, epochs=1, n_folds=2, scorer="feature_prototypes", random_state=0)
    detector.fit(pl.concat(list(reader.batches())), source=reader.origin())
    detector.save(folder / "eve.clan")
    out = folder / "eve.scored.json"
    run = ["detect", "-m", str(folder / "eve.clan"), "-r", str(folder / "mixed-eve.json"), "--annotate", "-o", str(out)]
    assert main(run) == 0
    assert "written on: 3 events that are no flows" in " ".join(capsys.readouterr().err.split())
    assert len(out.read_text().splitlines()) == 100


def test_a_model_of_zeek_refuses_suricata(zeek_model: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "eve.json").write_text(events.lines([events.flow(1)]))
    assert main(["detect", "-m", zeek_model, "-r", str(folder / "eve.json"), "-o", str(folder / "no")]) == 1
    err = " ".join(capsys.readouterr().err.split())
    assert "this model was trained on Zeek logs, and these are Suricata events" in err
    assert "they cannot tell" in err
    assert not (folder / "no").exists()
    assert main(["evaluate", "-m", zeek_model, "-r", str(folder / "eve.json")]) == 1  # which of several models it is
    assert "zeek.clan: this model was trained on Zeek logs" in " ".join(capsys.readouterr().err.split())


def test_evaluate_uses_the_labels_of_the_log(zeek_model: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = [("Benign", "-"), ("Malicious", "Scan"), ("Background", "-")]
    rows = [{**r, "label": kinds[i % 3][0], "detailedlabel": kinds[i % 3][1]} for i, r in enumerate(ROWS[:30])]
    (folder / "l.log").write_text(text(rows, fields=[*CONN, "label", "detailedlabel"]))
    assert main(["evaluate", "-m", zeek_model, "-r", str(folder / "l.log"), "--json", "-q"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["n_benign"], found["n_unlabelled"], found["classes"][0]["name"]) == (10, 10, "Malicious Scan")
    assert main(["evaluate", "-m", zeek_model, "-r", str(folder / "conn.log")]) == 1
    assert "brought no labels with them: name a file with --labels" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--follow"], "--follow reads logs that grow: name them with -r"),
        (["-r", "LOG", "--follow", "--strict"], "--follow goes with -r alone"),
        (["-r", "LOG", "--state", "s"], "--state is for --follow"),
        (["-r", "LOG", "--follow", "--format", "pcap"], "whose files do not grow"),
        (["-r", "LOG", "--features", "flow"], "zeek cannot tell feature group 'flow'"),
    ],
)
def test_mistakes(arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "m.log").write_text(text(ROWS[:3]))
    given = [str(folder / "m.log") if argument == "LOG" else argument for argument in arguments]
    assert main(["flows", *given, "-o", str(folder / "x.csv")]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_follow_until_a_signal(zeek_model: str, folder: Path) -> None:
    """A run that goes on: what is written is scored, SIGTERM ends it well, and the next run goes on from there.

    What the run before wrote stays: with the state, its records are not read again.
    """
    log, state, out, table = (folder / name for name in ("growing.log", "state", "followed.log", "followed.csv"))
    log.write_text(header() + lines(ROWS[:10]))
    command = [sys.executable, "-m", "clan", "detect", "-m", zeek_model, "-r", str(log), "--follow"]
    command += ["--state", str(state), "--annotate", "-o", str(out), "--scores", str(table), "-q"]
    for first in (10, 20):
        process = subprocess.Popen(command, env={**os.environ}, stderr=subprocess.PIPE, text=True)
        with log.open("a") as grown:
            grown.write(lines(ROWS[first : first + 10]))
        wanted = first + 10
        for _ in range(6000):  # compiling may come first
            if out.exists() and out.read_text().count("normal") + out.read_text().count("anomalous") == wanted:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert out.read_text().count("\tnormal") + out.read_text().count("\tanomalous") == wanted
    assert json.loads(state.read_text())["logs"][str(log)]["offset"] == log.stat().st_size
    assert pl.read_csv(table).height == 30
    assert main(["flows", "-r", str(out), "-o", str(folder / "again.parquet"), "-q"]) == 0  # it is a conn.log still
    assert pl.read_parquet(folder / "again.parquet").height == 30


def test_what_a_run_that_follows_found_before_stays(
    zeek_model: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alerts and incidents are added to those of the run before; a run that ends replaces them."""
    batches = WatchedFollowReader.batches

    def ended(self: WatchedFollowReader) -> Iterator[pl.DataFrame]:
        self.stop()
        yield from batches(self)

    monkeypatch.setattr(WatchedFollowReader, "batches", ended)
    log, alerts, incidents = (folder / name for name in ("nothing.log", "before.ndjson", "incidents.ndjson"))
    log.write_text(header() + lines(ROWS[:10]))
    command = ["detect", "-m", zeek_model, "-r", str(log), "-o", str(alerts), "--incidents", str(incidents), "-q"]
    for path in (alerts, incidents):
        path.write_text('{"of": "before"}\n{"cut sh')
    assert main([*command, "--follow"]) == 0
    for path in (alerts, incidents):
        assert path.read_text().startswith('{"of": "before"}\n{"cut sh\n')
    assert main(command) == 0
    for path in (alerts, incidents):
        assert "before" not in path.read_text()


def test_parquet_cannot_be_continued(zeek_model: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that follows says so before it reads anything, and the table of before stays."""
    table = folder / "scores.parquet"
    pl.DataFrame({"n": [1]}).write_parquet(table)
    command = ["detect", "-m", zeek_model, "-r", str(folder / "conn.log"), "--follow", "--scores", str(table)]
    assert main(command) == 2
    assert "scores.parquet is there already" in " ".join(capsys.readouterr().err.split())
    assert pl.read_parquet(table).height == 1


@pytest.mark.slow
def test_train_and_detect_on_real_logs(test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flows = test_data / "flows"
    cases = {
        "zeek": (flows / "zeek/slips-test9-mixed/conn.log", flows / "zeek/001-malicious/conn.log", 992),
        "eve": (flows / "suricata/eve.json", flows / "suricata/eve.json", 3512),
    }
    for name, (learn, score, n) in cases.items():
        model = str(tmp_path / f"{name}.clan")
        assert main(["train", "-r", str(learn), "-o", model, "--fpr", "0.05", "-q"]) == 0
        scores = str(tmp_path / f"{name}.csv")
        assert (
            main(["detect", "-m", model, "-r", str(score), "-o", str(tmp_path / name), "--scores", scores, "-q"]) == 0
        )
        assert len(Path(scores).read_text().splitlines()) == n + 1
        capsys.readouterr()


def test_alerts_of_suricata_are_told_beside_ours(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [events.flow(i) for i in range(120)]
    for i, row in enumerate(rows):
        row["flow"] = {**row["flow"], "bytes_toserver": 1300 + i % 97}
    (folder / "quiet.json").write_text(events.lines(rows))
    model, out, page = str(folder / "eve.clan"), folder / "eve.ndjson", folder / "eve.html"
    learn = ["train", "-r", str(folder / "quiet.json"), "-o", model, "--fpr", "0.1", "--features", "conn", "-q"]
    assert main(learn) == 0
    odd = events.flow(7, app_proto="smb")
    odd["flow"] = {**odd["flow"], "bytes_toserver": 10**9, "pkts_toserver": 10**6, "pkts_toclient": 0}
    (folder / "odd.json").write_text(
        events.lines([events.alert(7, "ET <b>SCAN</b>"), events.alert(8, "quiet"), odd, events.flow(8)])
    )
    command = ["detect", "-m", model, "-r", str(folder / "odd.json"), "-o", str(out), "--report", str(page)]
    assert main(command) == 0
    assert "the source itself alerted on 2 flows: 1 of them among the 1 alert here" in " ".join(
        capsys.readouterr().err.split()
    )
    (line,) = out.read_text().splitlines()
    assert json.loads(line)["alert"]["metadata"]["source_alert"] == ["ET <b>SCAN</b>"]
    text = page.read_text()
    assert "ET &lt;b&gt;SCAN&lt;/b&gt;" in text
    assert "<b>1 of 2</b><span>alerts of the source that are alerts here</span>" in text
