"""Flows that `clan flows` wrote are scored and learnt from as what they were read from, whatever the format."""

from __future__ import annotations

import warnings
from pathlib import Path

import polars as pl
import pytest
from tests.sources.zeek.logs import connections, text

from clan import ClanDetector
from clan.cli import main
from clan.errors import DataQualityWarning
from clan.monitor import LoadedModel
from clan.schema import CARRIED, IDENTITY
from clan.sources import USUAL, FlowReader, Input, read_flows

SUFFIXES = ("parquet", "csv", "ndjson")
GROUPS = "flow,context,payload"


def run(*arguments: str | Path) -> None:
    assert main([*map(str, arguments), "-q"]) == 0


def scores(model: str | Path, read: str | Path) -> pl.DataFrame:
    """Score as `clan detect` does, without its alerts."""
    loaded = LoadedModel.open(model)
    flows = pl.concat(list(loaded.reader(Input(paths=[str(read)])).batches()))
    return flows.select(*IDENTITY).with_columns(score=loaded.detector.anomaly_score(flows))


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Connections of Zeek, the same as Parquet, CSV and NDJSON, and a model of the log."""
    folder = tmp_path_factory.mktemp("logs")
    (folder / "conn.log").write_text(text(connections(1500)))
    for suffix in SUFFIXES:
        run("flows", "-r", folder / "conn.log", "-o", folder / f"conn.{suffix}")
    reader = FlowReader([str(folder / "conn.log")], features=USUAL)
    detector = ClanDetector(fpr=0.1, epochs=1, n_folds=2, scorer="feature_prototypes", random_state=0)
    with warnings.catch_warnings(action="ignore", category=DataQualityWarning):  # of what these logs do not tell
        detector.fit(pl.concat(list(reader.batches())), source=reader.origin())
    detector.save(folder / "log.clan")
    return folder


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_stored_flows_of_captures_have_the_scores_of_the_captures(
    suffix: str, model: str, mixed: str, tmp_path: Path
) -> None:
    stored = tmp_path / f"mixed.{suffix}"
    run("flows", "-r", mixed, "--features", GROUPS, "-o", stored)
    expected = scores(model, mixed)
    assert scores(model, stored).equals(expected)
    if suffix == "parquet":
        direct = ClanDetector.load(model).anomaly_score(pl.read_parquet(stored))
        assert direct.tolist() == expected["score"].to_list()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_stored_flows_of_logs_get_their_context_and_the_scores_of_the_logs(suffix: str, logs: Path) -> None:
    assert "host" not in " ".join(pl.read_csv(logs / "conn.csv", n_rows=1).columns)  # no column of the context
    expected = scores(logs / "log.clan", logs / "conn.log")
    assert scores(logs / "log.clan", logs / f"conn.{suffix}").equals(expected)


def test_what_is_learnt_from_stored_flows_is_what_their_source_gives(logs: Path) -> None:
    ours, theirs = (FlowReader([str(logs / f"conn.{name}")], features=USUAL) for name in ("parquet", "log"))
    assert pl.concat(list(ours.batches())).equals(pl.concat(list(theirs.batches())))
    assert ours.groups == theirs.groups == ("conn", "context")
    assert ours.origin() == theirs.origin() | {"formats": ["parquet"]}


def test_what_a_file_does_not_say_is_told(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "-m", str(logs / "log.clan"), "-r", str(logs / "conn.csv"), "-o", str(tmp_path / "a")]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("do not say what their flows were read from") == 1
    assert "here Zeek logs" in said
    assert main(["detect", "-m", str(logs / "log.clan"), "-r", str(logs / "conn.parquet"), "-o", "-"]) == 0
    assert "do not say" not in capsys.readouterr().err


def test_a_file_that_lacks_a_group_or_came_from_elsewhere_is_refused_with_why(
    logs: Path, model: str, mixed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = [
        (["-r", mixed], "lacks feature group 'payload' and 'context'", "--features flow,payload,context"),
        (["-r", mixed, "--features", GROUPS, "--profile", "lycos"], "were cut otherwise", "--profile of the model"),
        (["-r", str(logs / "conn.log")], "holds flows of Zeek logs", "cannot tell feature group 'flow' and 'payload'"),
    ]
    for asked, why, instead in cases:
        run("flows", *asked, "-o", tmp_path / "f.parquet")
        assert main(["detect", "-m", model, "-r", str(tmp_path / "f.parquet"), "-o", "-"]) != 0
        said = " ".join(capsys.readouterr().err.split())
        assert why in said
        assert instead in said


def test_lines_of_ndjson_that_are_damaged_are_counted(logs: Path, tmp_path: Path) -> None:
    lines = (logs / "conn.ndjson").read_text().splitlines()
    broken = tmp_path / "broken.ndjson"
    broken.write_text("\n".join([*lines[:3], lines[3][:40], lines[4]]) + "\n")
    reader = FlowReader([str(broken)])
    assert sum(batch.height for batch in reader.batches()) == 4
    assert reader.report.counts["malformed_records"] == 1


def test_what_a_source_said_of_a_flow_survives_the_round_trip(logs: Path, tmp_path: Path) -> None:
    said = {"label": "bad", "label_detail": "worm", "source_alert": "alert"}
    flows = pl.read_parquet(logs / "conn.parquet").with_columns(
        pl.lit(value).alias(name) for name, value in said.items()
    )
    flows.write_parquet(tmp_path / "a.parquet")
    flows.write_ndjson(tmp_path / "a.ndjson")
    for name in ("a.parquet", "a.ndjson"):
        assert read_flows(tmp_path / name).select(*CARRIED).row(0, named=True) == said
