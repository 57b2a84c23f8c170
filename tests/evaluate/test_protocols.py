"""Protocols keep training and test rows apart, and say what they leave out."""

from __future__ import annotations

import datetime
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clan.errors import ConfigError, DataError
from clan.evaluate import Labelled, benign_split, cross_split, dirty_split, stratified_split, thin_out, time_split


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


def test_stratified_halves_keep_rare_classes_whole_and_drop_columns_of_zeros() -> None:
    labels = pl.Series(["ok"] * 200 + ["flood"] * 120 + ["rare"] * 99)
    features = pl.DataFrame({"row": np.arange(1.0, 420.0), "nothing": np.zeros(419)})
    split = stratified_split(Labelled(features=features, labels=labels, benign="ok"), seed=0)
    assert Counter(split.labels) == {"ok": 100, "flood": 60, "rare": 99}
    assert split.train.columns == ["row"]
    assert not set(split.train["row"]) & set(split.test["row"])
    assert split.train["row"].max() == pytest.approx(200, abs=50)
    assert split.notes == ("zero-day classes: rare; 1 columns that are not all 0",)


def timed(first_attack: int) -> Labelled:
    start = datetime.datetime(2017, 7, 3)
    times = [start + datetime.timedelta(minutes=minute) for minute in range(300)]
    labels = ["ok" if minute < first_attack or minute % 2 else "scan" for minute in range(300)]
    order = np.random.default_rng(0).permutation(300)
    return Labelled(
        features=pl.DataFrame({"minute": np.arange(300.0)[order]}),
        labels=pl.Series(labels).gather(order),
        benign="ok",
        times=pl.Series(times).gather(order),
    )


def test_nothing_of_the_future_trains() -> None:
    split = time_split(timed(150))
    assert (split.train["minute"].max(), split.test["minute"].min()) == (149, 150)
    assert (split.train.height, split.test.height) == (150, 150)
    assert split.train_labels is None
    with pytest.raises(DataError, match="only 40 benign rows"):
        time_split(timed(40))
    with pytest.raises(DataError, match="this data set has no times"):
        time_split(labelled())


@given(share=st.floats(0, 0.15), seed=st.integers(0, 50))
def test_dirty_training_rows_are_not_tested_and_spare_half_of_each_class(share: float, seed: int) -> None:
    data = Labelled(
        features=pl.DataFrame({"row": np.arange(300.0)}),
        labels=pl.Series(["ok"] * 200 + ["a"] * 90 + ["b"] * 10),
        benign="ok",
    )
    clean, dirty = benign_split(data, seed), dirty_split(data, seed, share=share)
    train, test = set(dirty.train["row"]), set(dirty.test["row"])
    assert not train & test
    assert train | test == set(range(300))
    assert set(clean.train["row"]) <= train
    mixed = Counter() if dirty.train_labels is None else Counter(dirty.train_labels)
    assert sum(mixed[name] for name in ("a", "b")) == round(share / (1 - share) * 100)
    assert mixed["a"] <= 45
    assert mixed["b"] <= 5


def test_shares_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"in \[0, 0.5\], got 0.6"):
        dirty_split(labelled(), 0, share=0.6)
    with pytest.raises(DataError, match=r"would take 10 rows, and 5 may be taken"):
        dirty_split(labelled(), 0, share=0.5)


def test_cross_run_trains_on_one_and_tests_the_other() -> None:
    cic = Labelled(
        features=pl.DataFrame(
            dict.fromkeys(
                (
                    "Flow Duration",
                    "Total Length of Fwd Packet",
                    "Total Length of Bwd Packet",
                    "Total Fwd Packet",
                    "Total Bwd packets",
                ),
                np.full(40, 2e6),
            )
        ),
        labels=pl.Series(["BENIGN"] * 40),
        benign="BENIGN",
        name="cicids2017",
    )
    kdd = Labelled(
        features=pl.DataFrame(dict.fromkeys(("duration", "src_bytes", "dst_bytes"), np.arange(30.0))),
        labels=pl.Series(["normal"] * 20 + ["smurf"] * 10),
        benign="normal",
        train=pl.Series([True] * 10 + [False] * 20),
        name="nsl_kdd",
    )
    split = cross_split(cic, kdd, seed=0)
    assert split.train.columns == split.test.columns == ["duration_s", "fwd_bytes", "bwd_bytes"]
    assert split.train["duration_s"].to_list() == [2.0] * 20
    assert split.test["duration_s"].to_list() == list(range(10, 30))
    assert (split.benign, Counter(split.labels)) == ("normal", {"normal": 10, "smurf": 10})


def test_thinning_draws_from_large_classes_and_keeps_rows_together() -> None:
    data = labelled(pl.Series([i % 2 == 0 for i in range(30)]))
    thin = thin_out(data, 5)
    assert Counter(thin.labels) == {"ok": 5, "scan": 5, "rare": 2}
    rows = thin.features["row"].to_list()
    assert rows == sorted(rows)
    assert thin.train is not None
    assert thin.train.to_list() == [row % 2 == 0 for row in rows]
    assert [str(label) for label in thin.labels] == [str(data.labels[int(row)]) for row in rows]
    assert thin_out(data, 5).features.equals(thin.features)
    with pytest.raises(ConfigError, match="at least 1 row"):
        thin_out(data, 0)
