"""`clan evaluate` on the samples: tables for people, JSON for machines, errors before the work."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from clan.cli import main

LABELS = str(Path(__file__).parents[2] / "samples" / "alpha-labels.csv")


def test_models_are_compared_class_by_class(
    model: str, mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.clan"
    shutil.copy(model, other)
    assert main(["evaluate", "-m", model, str(other), "-r", mixed, "--labels", LABELS, "--json"]) == 0
    shown = capsys.readouterr()
    first, second = json.loads(shown.out)
    assert (first["model"], second["model"]) == ("sample.clan", "other.clan")
    names = {each["name"] for each in first["classes"]}
    assert len(names) == 21  # with side_effect
    assert {"http_flood", "syn_scan", "dns_tunnel", "ssh_guessing", "side_effect"} < names
    assert first["classes"] == second["classes"]
    assert first["n_flows"] == first["n_benign"] + sum(each["n"] for each in first["classes"])
    assert first["fpr"] == pytest.approx(first["false_alarms"] / first["n_benign"])
    assert first["false_alarms_per_day"] > first["false_alarms"]  # minutes were recorded
    assert shown.err.count("packets in 1 stream") == 1  # both models cut flows alike
    assert "precision where 0.001 are attacks" in shown.err


def test_tables_name_models_and_classes(
    model: str, mixed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("[").mkdir()
    models = ["b].clan", "[/b].clan"]  # the names of two that are called the same have their folders
    for path in models:
        shutil.copy(model, path)
    assert main(["evaluate", "-m", models[0], "-m", models[1], "-r", mixed, "--labels", LABELS, "--quiet"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "[/b].clan" in shown.out.split("class")[0]
    assert "[/b].clan" in shown.out.split("class")[1]
    assert "syn_scan" in shown.out


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--prevalence", "2"], 2, "--prevalence must be between 0 and 1, got 2"),
        (["-m", "MODEL"], 2, "the same model is named twice"),
        (["--labels", "missing.csv"], 1, "missing.csv cannot be read"),
    ],
)
def test_mistakes_are_told_before_the_work(
    options: list[str], code: int, message: str, model: str, mixed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [model if option == "MODEL" else option for option in options]
    assert main(["evaluate", "-m", model, "-r", mixed, "--labels", LABELS, *given]) == code
    assert message in " ".join(capsys.readouterr().err.split())
