"""`clan finetune` adds names to a model, and says clearly when labels do not fit."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import clan
from clan.cli import main

LABELS = Path(__file__).parents[2] / "samples" / "alpha-labels.csv"
WINDOW = ",".join(LABELS.read_text().splitlines()[1].split(",")[:2])
"""From when to when the first attack was."""


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory, model: str, mixed: str) -> str:
    path = str(tmp_path_factory.mktemp("named") / "named.clan")
    assert main(["finetune", "-m", model, "-r", mixed, "--labels", str(LABELS), "--rest-is-benign", "-o", path]) == 0
    return path


def test_names_the_flows_of_the_sample(named: str, mixed: str) -> None:
    flows = clan.read_flows(mixed, features=("flow", "context", "payload"))
    names = clan.FlowClassifier.load(named).name(flows)
    assert {"benign", "syn_scan", "udp_scan", "http_flood"} <= set(names)


def test_detects_as_before(named: str, model: str, mixed: str) -> None:
    flows = clan.read_flows(mixed, features=("flow", "context", "payload"))
    before, after = (clan.ClanDetector.load(path).anomaly_score(flows) for path in (model, named))
    assert np.array_equal(before, after)


def test_alerts_have_names(named: str, mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alerts, report = tmp_path / "alerts.ndjson", tmp_path / "report.html"
    assert main(["detect", "-m", named, "-r", mixed, "-o", str(alerts), "--report", str(report), "--json"]) == 0
    said = capsys.readouterr()
    counts = json.loads(said.out)["labels"]
    found = [json.loads(line)["alert"]["metadata"] for line in alerts.read_text().splitlines()]
    assert "http_flood" in counts
    assert Counter(each["label"][0] for each in found) == counts
    assert all(0 < float(each["label_probability"][0]) <= 1 for each in found)
    assert "named: " in " ".join(said.err.split())
    assert "http_flood" in report.read_text()


def test_info_tells_what_is_named(named: str, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", named]) == 0
    said = capsys.readouterr().out
    assert "beacon (" in said
    assert "unknown score above" in said
    assert main(["info", named, "--json"]) == 0
    part = json.loads(capsys.readouterr().out)["classifier"]
    assert len(part["classes"]) == len(part["labelled_rows"])
    assert main(["info", model]) == 0
    assert "classifier" not in capsys.readouterr().out


def test_summary_counts_the_classes(
    model: str, mixed: str, benign: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--labels", str(LABELS), "--benign", benign, "-o", str(tmp_path / "m.clan"), "--json", "-q"]
    assert main(["finetune", "-m", model, "-r", mixed, *arguments]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["labels_without_flows"] == 0
    assert {"syn_scan", "ssh_guessing", "slow_headers", "udp_scan", "http_flood"} < set(said["classes"])
    assert "benign" in clan.FlowClassifier.load(tmp_path / "m.clan").classes_


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("src_ip,label\n192.0.2.1,scan\n", "no flow is meant by 1 line of"),
        ("src_ip,name\n192.0.2.1,scan\n", "expected label (or class)"),
        (f"ts_start,ts_end,label\n{WINDOW},x\n", None),
    ],
)
def test_labels_that_do_not_serve(
    text: str, message: str | None, model: str, mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "labels.csv").write_text(text)
    arguments = ["--labels", str(tmp_path / "labels.csv"), "-o", str(tmp_path / "m.clan")]
    assert main(["finetune", "-m", model, "-r", mixed, *arguments]) == 1
    said = capsys.readouterr().err
    assert message is None or message in " ".join(said.split())
    assert not (tmp_path / "m.clan").exists()


def test_a_class_with_one_flow_is_refused(
    model: str, mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flows = clan.read_flows(mixed, features=("flow", "context", "payload"))
    (tmp_path / "labels.csv").write_text(
        f"uid,label\n{flows['uid'][0]},odd\n{flows['uid'][1]},a\n{flows['uid'][2]},a\n"
    )
    arguments = ["--labels", str(tmp_path / "labels.csv"), "-o", str(tmp_path / "m.clan")]
    assert main(["finetune", "-m", model, "-r", mixed, *arguments]) == 1
    assert "one flow only is labelled odd" in " ".join(capsys.readouterr().err.split())
