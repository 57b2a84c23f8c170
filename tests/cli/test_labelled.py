"""Data that bring their labels: training and calibration say where these know attacks; names come of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from clan import ClanDetector
from clan.classify import open_model
from clan.cli import main
from clan.sources import FlowReader


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows, a tenth of them labelled as attacks and far from the others, and a small model of the benign ones."""
    folder = tmp_path_factory.mktemp("tables")
    values = np.random.default_rng(0).normal(size=(600, 3)).round(6)
    values[::10] += 40
    label = np.where(np.arange(600) % 10 == 0, "DoS", "Normal")
    rows = pl.DataFrame(values, schema=["a", "b", "c"]).with_columns(label=label)
    rows.write_csv(folder / "mixed.csv")
    rows.filter(label="Normal").write_csv(folder / "benign.csv")
    detector = ClanDetector(fpr=0.1, epochs=1, n_folds=2, scorer="feature_prototypes", random_state=0)
    reader = FlowReader([str(folder / "benign.csv")])
    detector.fit(pl.concat(list(reader.batches())), source=reader.origin())
    detector.save(folder / "benign.clan")
    return folder


def test_training_says_that_labels_know_attacks_and_leaves_them_out_where_asked(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {}
    for name, options in (("mixed", []), ("mixed", ["--benign-only"]), ("benign", [])):
        model = str(tables / "new.clan")
        arguments = ["train", "-r", str(tables / f"{name}.csv"), "-o", model, "--fpr", "0.1", "--json", "-q", *options]
        assert main(arguments) == 0
        said = capsys.readouterr()
        report = json.loads(said.out)
        rows = report["manifest"]["training"]["rows"]
        found[name, *options] = (rows, report["labelled_as_attacks"], "60 of 600 flows are labelled" in said.err)
    assert found == {
        ("mixed",): (600, 60, True),
        ("mixed", "--benign-only"): (540, 60, True),
        ("benign",): (540, 0, False),
    }


@pytest.mark.parametrize(("options", "n"), [([], 600), (["--benign-only"], 540)])
def test_calibration_does_the_same(
    options: list[str], n: int, tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = str(tables / "benign.clan"), str(tmp_path / "new.clan")
    arguments = ["calibrate", "-m", model, "-r", str(tables / "mixed.csv"), "--fpr", "0.2", "--trust", "-o", out, "-q"]
    assert main([*arguments, *options]) == 0
    assert "60 of 600 flows are labelled other than benign, as 'DoS' (60)" in " ".join(capsys.readouterr().err.split())
    assert ClanDetector.load(out).calibration_.n == n


def test_names_are_learnt_from_the_labels_that_the_data_bring(tables: Path, tmp_path: Path) -> None:
    out = tmp_path / "named.clan"
    read = ["-m", str(tables / "benign.clan"), "-r", str(tables / "mixed.csv"), "-o", str(out), "-q"]
    assert main(["finetune", *read]) == 0
    _, namer = open_model(out)
    assert namer is not None
    assert sorted(namer.classes_) == ["DoS", "benign"]
