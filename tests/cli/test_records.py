"""Models of flow records through the command line: each format of the test data is scored, row by row."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from clan import ClanDetector
from clan.cli import main
from clan.sources import FlowReader

ROWS = 400


def head(source: Path, target: Path) -> str:
    """The first lines of a file, decompressed."""
    if source.suffix == ".zip":
        with zipfile.ZipFile(source) as archive:
            data = archive.read(archive.namelist()[0])
    else:
        data = source.read_bytes()
    target.write_bytes(b"".join(data.splitlines(keepends=True)[: ROWS + 1]))
    return str(target)


def parquet(source: Path, target: Path) -> str:
    """The same as Parquet."""
    pl.read_csv(source, n_rows=ROWS).write_parquet(target)
    return str(target)


def whole(source: Path, target: Path) -> str:
    """The file itself."""
    return str(source)


FORMATS: dict[str, tuple[str, Callable[[Path, Path], str]]] = {
    "argus": ("argus/test2-malicious.binetflow", head),
    "nfdump": ("nfdump/malicious.nfdump", whole),
    "unsw_nb15": ("unsw_nb15/UNSW_NB15_training-set.csv.zip", head),
    "kdd": ("nsl_kdd/KDDTrain+_20Percent.txt", head),
    "cicflowmeter": ("cicids2017_improved.csv.gz", parquet),
}


@pytest.mark.filterwarnings("ignore::clan.errors.DataQualityWarning")  # of columns that records cannot tell
@pytest.mark.parametrize("name", FORMATS)
def test_every_row_is_scored_with_what_the_model_remembers(name: str, tmp_path: Path, test_data: Path) -> None:
    if name == "nfdump" and shutil.which("nfdump") is None:
        pytest.skip("nfdump is not installed")
    place, make = FORMATS[name]
    path = make(test_data / "flows" / place, tmp_path / "input")
    reader = FlowReader([path])
    flows = pl.concat(list(reader.batches()))
    detector = ClanDetector(fpr=0.1, epochs=1, n_folds=2, scorer="feature_prototypes", random_state=0)
    detector.fit(flows, source=reader.origin())
    model, scores = tmp_path / "m.clan", tmp_path / "scores.parquet"
    detector.save(model)
    arguments = ["-m", str(model), "-r", path, "-o", str(tmp_path / "alerts"), "--scores", str(scores), "-q"]
    assert main(["detect", *arguments]) == 0
    scored = pl.read_parquet(scores)
    assert scored["uid"].equals(flows["uid"])
    assert scored["anomaly_score"].is_finite().all()
    assert scored["anomaly_score"].to_list() == pytest.approx(detector.anomaly_score(flows).tolist())
    if reader.kind == "table":
        assert detector.manifest_["source"]["settings"]["columns"]["layout"] in ("unsw-nb15", "kdd", "cicflowmeter")
        assert not any("label" in f.name.lower() or f.name.endswith("attack_cat") for f in detector.features_)


def test_a_mapping_that_is_wrong_is_told_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mapping that a tired user got wrong is told before anything is read."""
    (tmp_path / "a.csv").write_text("a,b,c\n1,2,3\n")
    (tmp_path / "map.toml").write_text("[columns]\nsource = 'a'\nsrcip = 'b'\n")
    arguments = ["-r", str(tmp_path / "a.csv"), "-o", str(tmp_path / "m"), "--columns", str(tmp_path / "map.toml")]
    assert main(["train", *arguments]) == 2
    assert "'srcip'; did you mean 'src_ip'" in " ".join(capsys.readouterr().err.split())
