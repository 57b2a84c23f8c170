"""The labelled data sets are read as the protocols ask, and files that are something else are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from clan.errors import DataError, SchemaError, SourceUnavailable, UnknownNameError
from clan.evaluate import CHOOSING, Labelled, common_columns, find_datasets, read_dataset

FILES = {
    "cicids2017": ("cicids2017_improved.csv.gz", 43_419, 5_000, 16),
    "nsl_kdd": ("nsl_kdd", 47_736, 23_160, 40),
    "unsw_nb15": ("unsw_nb15", 82_332, 37_000, 10),
}


@pytest.mark.parametrize("name", sorted(FILES))
def test_rows_labels_and_finite_features(name: str, test_data: Path) -> None:
    file, rows, benign, classes = FILES[name]
    data = read_dataset(name, test_data / "flows" / file)
    assert (data.features.height, len(data.labels)) == (rows, rows)
    assert (data.labels == data.benign).sum() == benign
    assert data.labels.n_unique() == classes
    assert set(data.features.dtypes) == {pl.Float64}
    assert np.isfinite(data.features.to_numpy()).all()
    assert not {"id", "label", "Label", "Src IP", "Timestamp", "difficulty", "attack_cat"} & set(data.features.columns)
    assert set(CHOOSING.get(name, ())) <= set(data.labels.unique())


def test_unknown_names_and_other_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'nsl_kdd'"):
        read_dataset("nslkdd", tmp_path)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SchemaError, match=r"other.csv lacks the columns Flow ID"):
        read_dataset("cicids2017", tmp_path / "other.csv")


def corrected(path: Path, *rows: str) -> Path:
    columns = "Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Rate,Label\n"
    path.write_text(columns + "".join(f"f,1.1.1.1,5,2.2.2.2,80,6,2017-07-06 12:39:06,{row}\n" for row in rows))
    return path


def test_label_map_renames_and_leaves_out_and_numbers_become_finite(tmp_path: Path) -> None:
    rows = ("Infinity,BENIGN", ",PortScan", "3,DoS Hulk - Attempted", "4,Web Attack \u2013 Sql Injection")
    data = read_dataset("cicids2017", corrected(tmp_path / "x.csv", *rows))
    assert data.labels.to_list() == ["BENIGN", "Portscan", "Web Attack - SQL Injection"]
    assert data.features["Rate"].to_list() == [0.0, 0.0, 4.0]
    assert (data.left_out, data.name) == ({"DoS Hulk - Attempted": 1}, "cicids2017")
    with pytest.raises(DataError, match="no row of the benign class 'BENIGN'; its classes are DDoS"):
        read_dataset("cicids2017", corrected(tmp_path / "x.csv", "1,DDoS"))


def test_data_sets_are_found_by_the_names_of_their_files(tmp_path: Path) -> None:
    (tmp_path / "nsl_kdd").mkdir()
    (tmp_path / "lycos.csv.gz").write_bytes(b"")
    assert find_datasets(tmp_path) == {"lycos": tmp_path / "lycos.csv.gz", "nsl_kdd": tmp_path / "nsl_kdd"}
    with pytest.raises(SourceUnavailable, match="no folder"):
        find_datasets(tmp_path / "none")


def test_releases_share_names_and_other_data_sets_quantities() -> None:
    first = Labelled(
        features=pl.DataFrame(
            {"Flow Duration": [2e6], "Total Fwd Packet": [3.0], "x": [0.0], "y": [0.0]}
            | {"Total Length of Fwd Packet": [7.0], "Total Length of Bwd Packet": [8.0]}
            | {"Total Bwd packets": [4.0]}
        ),
        labels=pl.Series(["BENIGN"]),
        benign="BENIGN",
        name="cicids2017",
    )
    kdd = Labelled(
        features=pl.DataFrame({"duration": [2.0], "src_bytes": [5.0], "dst_bytes": [6.0]}),
        labels=pl.Series(["normal"]),
        benign="normal",
        name="nsl_kdd",
    )
    mine, other = common_columns(first, kdd)
    assert mine.rows(named=True) == [{"duration_s": 2.0, "fwd_bytes": 7.0, "bwd_bytes": 8.0}]
    assert other.rows(named=True) == [{"duration_s": 2.0, "fwd_bytes": 5.0, "bwd_bytes": 6.0}]
    original = replace(first, features=first.features.drop("y"), name="cicids2017_original")
    mine, other = common_columns(first, original)
    assert mine.columns == other.columns == original.features.columns
