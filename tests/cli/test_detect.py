"""`clan train` then `clan detect`, on the samples and on real attack captures: the main job, end to end."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path

import polars as pl
import pytest

from clan.cli import main
from clan.schema import IDENTITY
from clan.sources.tabular import label_flows, read_labels

SAMPLES = Path(__file__).parents[2] / "samples"


def alert_rate(scored: pl.DataFrame) -> float:
    """Share of flows that alert."""
    return int(scored["alert"].sum()) / scored.height


def test_attacks_in_the_sample_are_found(model: str, mixed: str, tmp_path: Path) -> None:
    alerts, scores = tmp_path / "alerts.ndjson", tmp_path / "scores.parquet"
    assert main(["detect", "-m", model, "-r", mixed, "-o", str(alerts), "--scores", str(scores)]) == 0
    lines = [json.loads(line) for line in alerts.read_text().splitlines()]
    table = pl.read_parquet(scores)
    assert table.columns == [*IDENTITY, "anomaly_score", "p_value", "p_extrapolated", "alert"]
    assert len(lines) == table["alert"].sum()
    named = label_flows(table, read_labels(SAMPLES / "alpha-labels.csv"))[0]
    # what its hosts did gives the scans away, which flow by flow look like refused connections
    for attack in ("slow_headers", "syn_flood", "udp_scan", "connect_scan", "syn_scan"):
        flows = table.filter(named == attack)
        assert flows.height > 30
        assert alert_rate(flows) > 0.8


def test_the_budget_holds_on_another_quiet_day(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores = tmp_path / "scores.parquet"
    quiet = ["-r", str(SAMPLES / "alpha-benign-2.pcapng.zst"), "-o", str(tmp_path / "a.ndjson")]
    assert main(["detect", "-m", model, *quiet, "--scores", str(scores)]) == 0
    assert alert_rate(pl.read_parquet(scores)) < 0.02
    told = capsys.readouterr().err
    assert ": as many as expected" in told
    assert "budget holding: " in told  # the only judgement on the budget
    assert " the budget" not in told
    assert f"wrote {tmp_path / 'a.ndjson'}" in told.replace("\n", "")


@pytest.mark.parametrize(("option", "what"), [("--hosts", "names of hosts"), ("--suppress", "suppressions")])
def test_a_named_file_that_is_not_there_fails_as_a_missing_model_does(
    model: str, mixed: str, option: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [main(["detect", "-m", m, "-r", mixed, option, "nowhere"]) for m in ("nowhere.clan", model)]
    assert codes == [1, 1]
    assert f"error: {what} cannot be read from nowhere: No such file" in capsys.readouterr().err


def test_an_alert_is_an_eve_line_with_its_reasons(model: str, mixed: str, tmp_path: Path) -> None:
    alerts = tmp_path / "alerts.ndjson"
    assert main(["detect", "-m", model, "-r", mixed, "-o", str(alerts)]) == 0
    event = json.loads(alerts.read_text().splitlines()[0])
    assert event["event_type"] == "alert"
    metadata = event["alert"]["metadata"]
    assert float(metadata["p_value"][0]) <= 0.01
    assert float(metadata["anomaly_score"][0]) >= float(metadata["threshold"][0])
    assert re.fullmatch(r"[0-9a-f]{12}", metadata["model_id"][0])
    assert len(metadata["reason"]) == len(metadata["feature"]) >= 1


def test_the_report_is_one_page_without_scripts(model: str, mixed: str, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    assert main(["detect", "-m", model, "-r", mixed, "-o", str(tmp_path / "a.ndjson"), "--report", str(report)]) == 0
    page = report.read_text()
    assert "<svg" in page
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=[\"']?https?:", page)


def test_training_twice_gives_the_same_model(model: str, benign: str, tmp_path: Path) -> None:
    again = tmp_path / "again.clan"
    assert main(["train", "-r", benign, "-o", str(again), "--fpr", "0.01", "--seed", "0", "-q"]) == 0
    assert again.read_bytes() == Path(model).read_bytes()


def test_json_summary(model: str, mixed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "-m", model, "-r", mixed, "--json", "-q"]) == 0
    found = json.loads(capsys.readouterr().out)
    recorded = json.loads((SAMPLES / "alpha-mixed.json").read_text())
    assert found["alerts"] > found["interval"][1]
    assert found["counts"]["packets"] == sum(recorded["packets"].values())
    assert found["counts"]["flows"] == found["flows"]


def test_several_attack_captures_at_once(model: str, test_data: Path, tmp_path: Path) -> None:
    """Foreign captures: what matters here is that every one is read and scored, not how well."""
    scores = tmp_path / "scores.parquet"
    folder = test_data / "captures" / "attack"
    captures = [str(folder / kind) for kind in ("scan_tcp_syn", "bruteforce_ssh", "heartbleed", "dns_tunnel")]
    assert main(["detect", "-m", model, "-r", *captures, "--scores", str(scores), "-o", str(tmp_path / "a")]) == 0
    table = pl.read_parquet(scores)
    assert table["source"].n_unique() >= 20
    assert table["alert"].any()


@pytest.mark.slow
def test_benign_captures_against_attack_captures(test_data: Path, tmp_path: Path) -> None:
    """Train on real benign captures, detect in real attack captures, hold out benign ones for the false alarms."""
    benign = sorted(str(p) for p in (test_data / "captures" / "benign").glob("*IoT_Sentinel*"))
    model, held_out = str(tmp_path / "iot.clan"), benign[::4]
    train = [p for p in benign if p not in held_out]
    assert main(["train", "-r", *train, "-o", model, "--fpr", "0.01", "--features", "flow"]) == 0
    rates = {}
    for name, paths in (("benign", held_out), ("attack", [str(test_data / "captures" / "attack")])):
        scores = tmp_path / f"{name}.parquet"
        assert main(["detect", "-m", model, "-r", *paths, "--scores", str(scores), "-o", str(tmp_path / "a")]) == 0
        rates[name] = alert_rate(pl.read_parquet(scores))
    assert rates["benign"] < 0.05
    assert rates["attack"] > 5 * rates["benign"]


@pytest.mark.parametrize(
    "command", [["train", "-r", "BENIGN", "-o"], ["detect", "-m", "MODEL", "-r", "MIXED", "--report"]]
)
def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    command: list[str], model: str, benign: str, mixed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:100])
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    words = {"MODEL": model, "BENIGN": benign, "MIXED": mixed}
    assert main([*(words.get(word, word) for word in command), str(tmp_path / "out")]) == 1
    assert f"cannot write {tmp_path / 'out'}: No space left on device" in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []
