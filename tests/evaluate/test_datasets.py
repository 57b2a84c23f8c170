"""The labelled data sets are read as the protocols ask, and files that are something else are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from clan.errors import SchemaError, SourceUnavailable, UnknownNameError
from clan.evaluate import CHOOSING, Labelled, benign_split, read_dataset

FILES = {
    "cicids2017": ("cicids2017_improved.csv.gz", 43_419, 5_000, 16),
    "nsl_kdd": ("nsl_kdd", 47_736, 23_160, 40),
    "unsw_nb15": ("unsw_nb15/UNSW_NB15_training-set.csv.zip", 82_332, 37_000, 10),
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
    with pytest.raises(SourceUnavailable, match=r"KDDTrain.* cannot be read"):
        read_dataset("nsl_kdd", tmp_path)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SchemaError, match=r"other.csv lacks the columns id, Flow ID"):
        read_dataset("cicids2017", tmp_path / "other.csv")
    (tmp_path / "other.zip").write_text("a,b\n1,2\n")
    with pytest.raises(SchemaError, match="is not a CSV table"):
        read_dataset("unsw_nb15", tmp_path / "other.zip")


def labelled(train: pl.Series | None = None) -> Labelled:
    labels = pl.Series(["ok"] * 20 + ["scan"] * 8 + ["rare"] * 2)
    return Labelled(features=pl.DataFrame({"row": np.arange(30.0)}), labels=labels, benign="ok", train=train)


def test_p1_trains_on_half_of_the_benign_rows_and_shares_none_with_the_test() -> None:
    split = benign_split(labelled(), seed=0)
    train, test = set(split.train["row"]), set(split.test["row"])
    assert (len(train), len(test)) == (10, 20)
    assert train | test == set(range(30))
    assert max(train) < 20
    assert (split.labels == np.array(["ok"] * 10 + ["scan"] * 8 + ["rare"] * 2)).all()
    assert set(benign_split(labelled(), seed=1).train["row"]) != train
    assert benign_split(labelled(), seed=0).train.equals(split.train)


def test_a_data_set_with_its_own_split_keeps_it_and_small_classes_can_be_left_out() -> None:
    own = pl.Series([True] * 15 + [False] * 5 + [True] * 4 + [False] * 6)
    split = benign_split(labelled(own), seed=0, min_class_rows=3)
    assert split.train["row"].to_list() == list(range(15))
    assert split.test["row"].to_list() == [15, 16, 17, 18, 19, 24, 25, 26, 27]
