"""The flow classifier names what is like its examples, says unknown elsewhere, and keeps its word through a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.detect.flow_tables import flow_table

import clan
from clan.classify import HEADS, UNKNOWN, FlowClassifier
from clan.errors import ConfigError, DataError, ModelFileError, SchemaError, UnknownNameError

CENTERS = {"benign": (0.0, 0.0, 0.0, 0.0), "flood": (30.0, 0.0, 5.0, 0.0), "scan": (0.0, 40.0, 0.0, 5.0)}


def flows(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = np.concatenate([random.normal(center, 1.0, size=(n, 4)) for center in CENTERS.values()])
    return x, np.repeat(list(CENTERS), n)


@pytest.fixture(scope="module")
def detector() -> clan.ClanDetector:
    benign = np.random.default_rng(1).normal(size=(300, 4))
    return clan.ClanDetector(fpr=0.05, epochs=2, n_folds=2, random_state=0).fit(benign)


@pytest.mark.parametrize("head", sorted(HEADS))
def test_names_new_flows_of_known_classes(head: str) -> None:
    x, y = flows(12, 0)
    x_new, y_new = flows(200, 1)
    assert (FlowClassifier(head=head, random_state=0).fit(x, y).predict(x_new) == y_new).mean() > 0.95


@pytest.mark.parametrize("head", sorted(HEADS))
def test_same_answers_after_save_and_load(head: str, detector: clan.ClanDetector, tmp_path: Path) -> None:
    x, y = flows(12, 0)
    x_new, _ = flows(50, 1)
    for number, inner in enumerate((None, detector)):
        fitted = FlowClassifier(inner, head=head, random_state=0).fit(x, y)
        fitted.save(tmp_path / f"{number}.clan")
        loaded = FlowClassifier.load(tmp_path / f"{number}.clan")
        assert np.array_equal(loaded.predict_proba(x_new), fitted.predict_proba(x_new))
        assert loaded.name(x_new).tolist() == fitted.name(x_new).tolist()
        assert loaded.classes_.tolist() == sorted(CENTERS)


def test_full_fine_tuning_names_and_keeps_its_word_through_a_file(detector: clan.ClanDetector, tmp_path: Path) -> None:
    before = detector.model_.encoder
    assert before is not None
    weights = before.weight.copy()
    x, y = flows(12, 0)
    x_new, y_new = flows(50, 1)
    tuned = FlowClassifier(detector, frozen=False, random_state=0).fit(x, y, benign_rows=flows(20, 3)[0][:20])
    assert (tuned.predict(x_new) == y_new).mean() > 0.95
    assert np.array_equal(before.weight, weights)
    tuned.save(tmp_path / "full.clan")
    loaded = FlowClassifier.load(tmp_path / "full.clan")
    assert np.array_equal(loaded.predict_proba(x_new), tuned.predict_proba(x_new))
    assert loaded.naming(x_new).name.tolist() == tuned.naming(x_new).name.tolist()
    assert np.array_equal(clan.ClanDetector.load(tmp_path / "full.clan").anomaly_score(x), detector.anomaly_score(x))
    assert loaded.manifest_["held_out_rows"] == 9  # a fifth of each class, rounded up


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"frozen": False}, "give a fitted detector"), ({"frozen": False, "head": "trees"}, "not with 'trees'")],
)
def test_full_fine_tuning_needs_an_encoder_and_a_linear_head(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        FlowClassifier(**settings).fit(*flows(5, 0))


def test_what_a_source_cannot_tell_is_neither_zero_nor_an_error(tmp_path: Path) -> None:
    frame = flow_table(40).with_columns(flow_duration=pl.Series([1_000_000, 10] * 20))
    named = FlowClassifier(random_state=0).fit(frame, ["flood", "benign"] * 20)
    names = [feature.name for feature in named.features_ if feature.name != "flow_duration"]
    gaps = frame.with_columns(pl.lit(None, frame.schema[name]).alias(name) for name in names)
    assert named.predict(gaps).tolist() == ["flood", "benign"] * 20
    named.save(tmp_path / "named.clan")
    again = FlowClassifier.load(tmp_path / "named.clan")
    assert np.array_equal(again.predict_proba(gaps), named.predict_proba(gaps))
    assert named.middle_[0] != 0


def test_the_file_detects_as_before(detector: clan.ClanDetector, tmp_path: Path) -> None:
    x, y = flows(12, 0)
    FlowClassifier(detector, random_state=0).fit(x, y).save(tmp_path / "named.clan")
    loaded = clan.ClanDetector.load(tmp_path / "named.clan")
    assert np.array_equal(loaded.anomaly_score(x), detector.anomaly_score(x))
    assert loaded.threshold_ == detector.threshold_


@pytest.mark.parametrize("head", sorted(HEADS))
def test_unknown_share_is_about_kept_and_strangers_are_unknown(head: str) -> None:
    x, y = flows(100, 0)
    named = FlowClassifier(head=head, unknown_share=0.1, random_state=0).fit(x, y)
    x_new, _ = flows(400, 1)
    assert (named.name(x_new) == UNKNOWN).mean() == pytest.approx(0.1, abs=0.05)
    stranger = np.random.default_rng(2).normal((-50.0, -50.0, 50.0, 50.0), 1.0, size=(50, 4))
    assert (named.name(stranger) == UNKNOWN).mean() > 0.95


def test_unlabelled_benign_rows_widen_the_benign_class() -> None:
    x, y = flows(8, 0)
    corner = np.random.default_rng(3).normal((29.0, 0.0, 20.0, 0.0), 1.0, size=(200, 4))
    without = FlowClassifier(random_state=0).fit(x, y)
    widened = FlowClassifier(random_state=0).fit(x, y, benign_rows=corner[:100])
    share = [(model.predict(corner[100:]) == "benign").mean() for model in (without, widened)]
    assert share[1] > 0.98
    assert share[1] > share[0]


def test_benign_rows_alone_make_the_benign_class() -> None:
    x, y = flows(10, 0)
    attack = y != "benign"
    fitted = FlowClassifier(random_state=0).fit(x[attack], y[attack], benign_rows=x[~attack])
    assert fitted.classes_.tolist() == ["benign", "flood", "scan"]
    assert (fitted.predict(x) == y).mean() > 0.95


def test_two_fits_with_one_seed_are_equal_and_data_stay_as_they_are() -> None:
    x, y = flows(10, 0)
    before = x.copy()
    first, second = (FlowClassifier(random_state=5).fit(x, y).predict_proba(x) for _ in range(2))
    assert np.array_equal(first, second)
    assert np.array_equal(x, before)


def test_table_columns_are_found_by_name() -> None:
    x, y = flows(10, 0)
    table = pl.DataFrame(x, schema=["a", "b", "c", "d"])
    fitted = FlowClassifier(random_state=0).fit(table, y)
    assert np.array_equal(fitted.predict(table.select("d", "c", "b", "a")), fitted.predict(table))
    with pytest.raises(SchemaError, match="d"):
        fitted.predict(table.drop("d"))


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"head": "tree"}, UnknownNameError, "did you mean 'trees'"),
        ({"unknown_share": 0.0}, ConfigError, "unknown_share"),
    ],
)
def test_settings_are_checked_by_fit(settings: dict[str, Any], error: type[Exception], message: str) -> None:
    x, y = flows(5, 0)
    with pytest.raises(error, match=message):
        FlowClassifier(**settings).fit(x, y)


def test_one_class_is_refused() -> None:
    x, _ = flows(5, 0)
    with pytest.raises(DataError, match="two classes or more, found one class: 'scan'"):
        FlowClassifier().fit(x, ["scan"] * len(x))


def test_a_detector_alone_is_no_classifier(detector: clan.ClanDetector, tmp_path: Path) -> None:
    detector.save(tmp_path / "plain.clan")
    with pytest.raises(ModelFileError, match="holds a detector only; `clan finetune` adds names"):
        FlowClassifier.load(tmp_path / "plain.clan")


@pytest.mark.parametrize("rows", [np.empty((0, 4)), pl.DataFrame(np.empty((0, 4)), schema=[f"x{i}" for i in range(4)])])
def test_no_benign_rows_are_as_good_as_no_table(rows: Any) -> None:
    x, y = flows(12, 0)
    table = pl.DataFrame(x, schema=[f"x{i}" for i in range(4)]) if isinstance(rows, pl.DataFrame) else x
    without, with_none = (FlowClassifier(random_state=0).fit(table, y, benign_rows=each) for each in (None, rows))
    assert np.array_equal(with_none.predict_proba(table), without.predict_proba(table))
    assert with_none.learnt_from_.benign == 0


def test_no_class_may_be_called_as_what_fits_none() -> None:
    x, y = flows(12, 0)
    with pytest.raises(DataError, match="a class is called 'unknown'"):
        FlowClassifier().fit(x, np.where(y == "scan", UNKNOWN, y))
