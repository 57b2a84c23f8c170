"""A day with the store: detect into it, look at incidents and alerts, hide what is known, export without addresses."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import clan
from clan.alerts.store.writer import StoreWriter
from clan.cli import main


@pytest.fixture(scope="module")
def day(model: str, mixed: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with what `clan detect` wrote on the sample with attacks."""
    folder = tmp_path_factory.mktemp("day")
    hosts = folder / "hosts.csv"
    hosts.write_text("network,name,group\n10.77.20.10,web,servers\n198.51.100.0/24,,outside\n")
    assert main(["detect", "-m", model, "-r", mixed, "-o", str(folder / "alerts.ndjson"), "--hosts", str(hosts),
                 "--incidents", str(folder / "incidents.ndjson"), "--store", str(folder / "clan.db"),
                 "--report", str(folder / "report.html"), "--incident-pcaps", str(folder / "pcaps")]) == 0  # fmt: skip
    return folder


def lines_of(capsys: pytest.CaptureFixture[str], *command: str) -> list[dict[str, object]]:
    """What a command prints as JSON."""
    capsys.readouterr()
    assert main([*command]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_attacks_are_far_fewer_incidents_than_alerts(day: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alerts = [json.loads(line) for line in (day / "alerts.ndjson").read_text().splitlines()]
    told = [json.loads(line) for line in (day / "incidents.ndjson").read_text().splitlines()]
    merged = {event["incident_id"] for event in told if event.get("merged_into")}
    last = {event["incident_id"]: event for event in told if event["incident_id"] not in merged}
    assert {event["state"] for event in last.values()} == {"closed"}
    assert {alert["alert"]["metadata"]["incident_id"][0] for alert in alerts} <= {e["incident_id"] for e in told}
    assert sum(event["alerts"] for event in last.values()) == len(alerts)
    assert len(last) < len(alerts) / 20
    stored = lines_of(capsys, "incidents", "list", "--json", "-n", "0", "--store", str(day / "clan.db"))
    assert {event["incident_id"]: event for event in stored} == last
    assert "web" in {event.get("target_name") for event in last.values()}
    page = (day / "report.html").read_text()
    assert "<h2>Incidents" in page
    assert "many sources" in page or "repeated" in page


def test_packets_of_incidents_are_cut_from_the_capture(day: Path, capsys: pytest.CaptureFixture[str]) -> None:
    worst = lines_of(capsys, "incidents", "list", "--json", "-n", "0", "--store", str(day / "clan.db"))
    written = {path.stem: path for path in (day / "pcaps").iterdir()}
    assert written.keys() == {str(incident["incident_id"]) for incident in worst}
    for incident in worst:
        flows = clan.read_flows([str(written[str(incident["incident_id"])])])
        known = {incident.get("actor"), incident.get("target")} - {None}
        assert all(known & {src, dst} for src, dst in flows.select("src_ip", "dst_ip").iter_rows())
    assert main(["detect", "-m", "x.clan", "-i", "lo", "--incident-pcaps", str(day)]) != 0


def test_alerts_are_listed_and_shown(day: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = str(day / "clan.db")
    alerts = lines_of(capsys, "alerts", "list", "--json", "--store", store, "--dst", "10.77.20.10", "-n", "5")
    assert [alert["dest_ip"] for alert in alerts] == ["10.77.20.10"] * 5
    name = alerts[0]["alert"]["metadata"]["alert_id"][0]  # type: ignore[index]  # an EVE line
    assert main(["alerts", "show", name, "--store", store]) == 0
    shown = capsys.readouterr().out
    assert name in shown
    assert "benign" in shown
    assert f"10.77.20.10:{alerts[0]['dest_port']}" in shown
    assert main(["incidents", "show", alerts[0]["alert"]["metadata"]["incident_id"][0], "--store", store]) == 0  # type: ignore[index]
    assert "first seen" in capsys.readouterr().out


def test_suppression_hides_stored_alerts_until_it_is_removed(day: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(day / "clan.db")]
    conditions = ["--src", "198.51.100.202", "--protocol", "tcp"]
    before = len(lines_of(capsys, "alerts", "list", "--json", "-n", "0", *store))
    (preview,) = lines_of(capsys, "suppress", "preview", *conditions, "--json", *store)
    (added,) = lines_of(
        capsys, "suppress", "add", *conditions, "--until", "2099-01-01", "--reason", "test", "--json", *store
    )
    assert added["hides"] == preview["hidden"]
    assert len(lines_of(capsys, "alerts", "list", "--json", "-n", "0", *store)) == before - int(str(added["hides"]))
    assert len(lines_of(capsys, "alerts", "list", "--json", "-n", "0", "--hidden", *store)) == before
    (listed,) = lines_of(capsys, "suppress", "list", "--json", *store)
    assert (listed["id"], listed["reason"], listed["src"]) == (added["id"], "test", "198.51.100.202/32")
    assert main(["suppress", "list", *store]) == 0
    assert "src 198.51.100.202/32" in capsys.readouterr().out
    assert main(["suppress", "remove", str(added["id"])[:5], *store]) == 0
    assert len(lines_of(capsys, "alerts", "list", "--json", "-n", "0", *store)) == before


def test_verdicts_hide_name_and_are_undone(
    day: Path, model: str, mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ["--store", str(day / "clan.db")]
    for opinion, conditions in (("malicious:udp_scan", ["--protocol", "udp", "--dst", "10.77.20.40"]),
                                ("malicious:slow_headers", ["--src", "198.51.100.201", "--port", "80"])):  # fmt: skip
        for line in lines_of(capsys, "alerts", "list", "--json", "-n", "5", *conditions, *store):
            name = line["alert"]["metadata"]["alert_id"][0]  # type: ignore[index]  # an EVE line
            assert main(["verdict", name, opinion, "-q", *store]) == 0
    assert len(lines_of(capsys, "verdict", "list", "--json", *store)) == 10
    flood = lines_of(capsys, "alerts", "list", "--json", "-n", "1", "--src", "198.51.100.202", "--port", "443", *store)
    name = flood[0]["alert"]["metadata"]["alert_id"][0]  # type: ignore[index]
    assert main(["verdict", name, "benign", *store]) == 1
    assert "refused: a verdict benign" in capsys.readouterr().err
    named = str(tmp_path / "named.clan")
    assert main(["finetune", "-m", model, "--verdicts", str(day / "clan.db"), "-o", named]) == 0
    assert "5 udp_scan" in capsys.readouterr().err
    calibrated = ["calibrate", "-m", model, "-r", mixed, "-o", str(tmp_path / "own.clan"), "--json", "-q"]
    n_flows = []
    for more in ([], ["--verdicts", str(day / "clan.db")]):
        main([*calibrated, *more])  # refused: it is an attack
        n_flows.append(json.loads(capsys.readouterr().out)["flows"])
    assert n_flows[0] - n_flows[1] == 10  # those judged malicious
    for verdict in lines_of(capsys, "verdict", "list", "--json", *store):
        assert main(["verdict", "undo", str(verdict["number"]), "-q", *store]) == 0
    assert lines_of(capsys, "verdict", "list", "--json", *store) == []
    assert main(["verdict", "list", "--undone", *store]) == 0
    assert "undone (UTC)" in capsys.readouterr().out
    assert main(["finetune", "-m", model, "--verdicts", str(day / "clan.db"), "-o", named]) == 1
    assert "holds no verdict" in capsys.readouterr().err


def test_next_run_hides_what_was_suppressed(
    day: Path, model: str, mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    thresholds = tmp_path / "threshold.config"
    thresholds.write_text(
        "suppress gen_id 2509, sig_id 1, track by_src, ip 198.51.100.0/24\nsuppress gen_id 1, sig_id 2\n"
    )
    out = tmp_path / "alerts.ndjson"
    (account,) = lines_of(
        capsys, "detect", "-m", model, "-r", mixed, "-o", str(out), "--suppress", str(thresholds),
        "--alerts-per-host", "5", "--store", str(tmp_path / "clan.db"), "--json",
    )  # fmt: skip
    alerts = [json.loads(line) for line in out.read_text().splitlines()]
    assert not any(alert["src_ip"].startswith("198.51.100.") for alert in alerts)
    hidden, limited = int(str(account["hidden"])), int(str(account["over_host_limit"]))
    assert hidden > 0
    assert limited > 0
    assert len(alerts) == int(str(account["alerts"])) - hidden - limited
    incidents = lines_of(capsys, "incidents", "list", "--json", "-n", "0", "--store", str(tmp_path / "clan.db"))
    assert len(incidents) == account["incidents"]  # also those whose alerts are all over the limit
    told = {alert["alert"]["metadata"]["incident_id"][0] for alert in alerts}
    silent = [incident for incident in incidents if incident["incident_id"] not in told]
    assert len(silent) > 0
    assert int(str(account["stored"])) >= len(alerts) + hidden + len(silent)  # and the first ones of what was merged


def test_a_reader_of_the_export_may_leave(day: Path) -> None:
    """As with other output: no message."""
    command = [sys.executable, "-m", "clan", "alerts", "export", "--store", str(day / "clan.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""


def test_export_without_addresses(day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, key = tmp_path / "alerts.ndjson", tmp_path / "key"
    assert main(["alerts", "export", "--store", str(day / "clan.db"), "-o", str(out), "--anonymise", str(key)]) == 0
    text = out.read_text()
    assert "10.77.20" not in text
    assert "alpha-mixed" not in text
    assert len(text.splitlines()) == len((day / "alerts.ndjson").read_text().splitlines())


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (["suppress", "add", "--src", "10.0.0.1", "--store", "none.db"], 1, "there is no store none.db"),
        (["suppress", "list"], 1, "there is no store clan.db; name it with --store"),
        (["suppress", "add"], 2, "would hide every alert"),
        (["suppress", "add", "--src", "10.0.0.1", "--until", "tomorrow"], 2, "'tomorrow' is no time"),
        (["alerts", "list", "--severity", "critical", "--store", "STORE"], 2, "unknown severity 'critical'"),
        (["alerts", "show", "xyz", "--store", "STORE"], 1, "'xyz' is no id"),
        (["verdict", "abc", "--store", "STORE"], 2, "say what the alert was"),
        (["verdict", "undo", "x", "--store", "STORE"], 2, "say which verdict to undo by its number"),
        (["verdict", "undo", "²", "--store", "STORE"], 2, "say which verdict to undo by its number"),
        (["verdict", "undo", "9" * 5000, "--store", "STORE"], 2, "say which verdict to undo by its number"),
        (["finetune", "-m", "m.clan", "-o", "n.clan"], 2, "give --labels with captures (-r), or --verdicts"),
        (["alerts", "prune", "--store", "STORE"], 2, "--max-days or --max-mb"),
        (["alerts", "prune", "--store", "STORE", "--max-days", "1e300"], 2, "--max-days is at most"),
        (["alerts", "prune", "--store", "STORE", "--max-mb", "inf"], 2, "--max-mb is at most"),
        (["alerts", "list", "--store", "STORE", "--port", "9" * 30], 2, "--port is 0 to 65535"),
        (["alerts", "list", "--store", "STORE", "-n", "9" * 30], 2, "-n is a number of lines"),
        (["alerts", "list", "--store", "STORE", "-n", "-1"], 2, "-n is a number of lines"),
        (["alerts", "list", "--store", "STORE", "--protocol", "9" * 5000], 2, "unknown protocol"),
        (["incidents", "show", "000000000000", "--store", "STORE"], 1, "found none"),
    ],
)
def test_slips_are_told(
    day: Path, command: list[str], code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main([str(day / "clan.db") if word == "STORE" else word for word in command]) == code
    assert message in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize(
    "command",
    [["alerts", "list"], ["incidents", "list"], ["alerts", "export"], ["suppress", "add", "--src", "10.0.0.1"]],
)
def test_a_damaged_store_is_told(
    day: Path, command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = bytearray((day / "clan.db").read_bytes())
    store[3 * 8192 :] = b"\xff" * (len(store) - 3 * 8192)
    (tmp_path / "clan.db").write_bytes(store)
    assert main([*command, "--store", str(tmp_path / "clan.db")]) == 1
    assert "clan.db cannot be read or written: " in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize("more", [[], ["-q"]])
def test_alerts_that_could_not_be_stored_are_an_error(
    model: str, mixed: str, more: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Also to who wants quiet; the file of alerts has them nevertheless."""

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(StoreWriter, "_commit", full)
    out, store = tmp_path / "alerts.ndjson", tmp_path / "clan.db"
    assert main(["detect", "-m", model, "-r", mixed, "-o", str(out), "--store", str(store), *more]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert f"could not be stored in {store}" in said
    assert "(database or disk is full)" in said
    assert out.read_text().count("\n") > 100
