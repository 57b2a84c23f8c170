"""`clan bench` runs what is missing, prints Markdown or JSON, and says where it looks for data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.evaluate.contest import write_corrected

from clan.cli import main


def test_benchmarks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench"]) == 0
    assert "p1 " in capsys.readouterr().out
    assert main(["bench", "--json"]) == 0
    assert {"p1", "p4", "dirty", "cross", "time"} <= {each["name"] for each in json.loads(capsys.readouterr().out)}


def test_a_run_goes_on_where_it_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_corrected(tmp_path)
    out, plot = tmp_path / "runs.csv", tmp_path / "runs.svg"
    words = ["bench", "p1", "--data", str(tmp_path), "--detectors", "linear", "--epochs", "1", "--out", str(out)]
    assert main([*words, "--seeds", "1", "--plot", str(plot)]) == 0
    shown = capsys.readouterr()
    assert "| nearest_neighbour (distance) |" in shown.out
    assert "random_encoder: macro AUROC" in shown.err
    assert f"3 runs on 1 data set, kept in {out}" in " ".join(shown.err.split())
    assert "3 runs in" in shown.err
    drawn = plot.read_text()
    assert drawn.startswith("<svg")
    assert all(f">{words}<" in drawn for words in ("macro AUROC", "detector", "one seed", "95 % interval of the mean"))
    assert main([*words, "--seeds", "2", "--json"]) == 0
    shown = capsys.readouterr()
    assert len(json.loads(shown.out)["runs"]) == 6
    assert "seed 0" not in shown.err
    assert main([*words, "--table-only", "--quiet"]) == 0
    shown = capsys.readouterr()
    assert (shown.err, "| 2 |" in shown.out) == ("", True)
    assert main([*words, "--table-only", "--quiet", "--against", "linear", "--plot", str(plot)]) == 0
    assert "mean of linear" in plot.read_text()
    for wrong in ("foo", "isolation_forest"):
        assert main([*words, "--table-only", "--against", wrong]) == 2
        assert f"take part '{wrong}'" in " ".join(capsys.readouterr().err.split())


def test_one_data_set_can_be_named_by_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = (write_corrected(tmp_path) / "cicids2017_improved.csv").rename(tmp_path / "mine.csv")
    words = ["bench", "time", "--data", str(file), "--detectors", "linear", "--seeds", "1", "--epochs", "1"]
    assert main([*words, "--dataset", "cicids2017", "--out", str(tmp_path / "runs.csv")]) == 0
    assert "CIC-IDS2017 (corrected), in order of time" in capsys.readouterr().out


def test_mistakes_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("CLAN_TEST_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    mistakes = {
        ("bench", "p2p"): (2, "unknown benchmark"),
        ("bench", "p1"): (2, "Name their folder with --data"),
        ("bench", "p1", "--data", "."): (1, "lacks any known data set"),
        ("bench", "p4", "--data", "."): (1, "folder without a file in it"),
        ("bench", "p1", "--dataset", "unsw"): (2, "unknown data set"),
        ("bench", "p1", "--detectors", "clam"): (2, "did you mean 'clan'"),
        ("bench", "p1", "--against", "foo"): (2, "(known: clan, linear, nearest_neighbour, random_encoder)"),
        ("bench", "p1", "--plot", "x.pdf"): (2, "--plot writes SVG, so its file must end in .svg, got 'x.pdf'"),
        ("bench", "p2", "--plot", "x.svg"): (2, "the benchmark p2 has no picture"),
        ("bench", "p1", "--prevalence", "1"): (2, "--prevalence must be between 0 and 1"),
        ("bench", "p1", "--out", "none/runs.csv"): (1, "there is no folder none"),
    }
    for words, (code, message) in mistakes.items():
        assert main(list(words)) == code, words
        assert message in " ".join(capsys.readouterr().err.split()), words
