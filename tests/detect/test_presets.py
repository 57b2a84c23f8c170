"""The paper preset is the published recipe, number by number, and trains as such."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from clan.detect import PRESETS, ClanDetector
from clan.detect.cross_fit import _matched_epochs
from clan.errors import ConfigError, DataError, ModelFileError
from clan.train import TrainSettings


def test_paper_preset_is_the_published_recipe() -> None:
    paper = PRESETS["paper"]
    assert (paper.scaler, paper.scorer, paper.drop_zero_columns) == ("zscore", "centroid", True)
    assert paper.train == TrainSettings(
        width=1024,
        n_blocks=4,
        dim=64,
        epochs=200,
        max_steps=None,
        batch_size=8192,
        learning_rate=1e-4,
        min_learning_rate=1e-6,
        warmup_fraction=0.1,
        weight_decay=0.0,
        objective="clan",
        margin=0.5,
        augmentation="uniform",
        probability=0.1,
        bound=1.7,
        validation_fraction=0.0,
        precision="float32",
    )


def test_paper_preset_leaves_out_columns_that_are_all_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = replace(PRESETS["paper"], train=replace(PRESETS["paper"].train, width=16))
    monkeypatch.setitem(PRESETS, "paper", narrow)
    values = np.random.default_rng(0).normal(size=(60, 4))
    values[:, 1] = 0
    detector = ClanDetector(preset="paper", fpr=0.1, epochs=2, random_state=0).fit(values)
    assert [f.name for f in detector.features_] == ["x0", "x2", "x3"]
    changed = values.copy()
    changed[:, 1] = 5
    assert (detector.anomaly_score(changed) == detector.anomaly_score(values)).all()
    with pytest.raises(DataError, match="every feature is 0"):
        ClanDetector(preset="paper", fpr=0.1).fit(values * 0)


@pytest.mark.parametrize("scaler", ["robust", {"table": "robust"}, {"*": "zscore"}, ["robust", "zscore"] * 2])
def test_scalers_are_stored_and_come_back(
    scaler: str | dict[str, str] | list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(PRESETS, "other", replace(PRESETS["default"], scaler=scaler, scorer="feature_prototypes"))
    values = np.random.default_rng(0).lognormal(size=(100, 4))
    detector = ClanDetector(preset="other", fpr=0.1, random_state=0).fit(values)
    detector.save(tmp_path / "model")
    with monkeypatch.context() as changed:
        changed.setitem(PRESETS, "other", PRESETS["default"])
        again = ClanDetector.load(tmp_path / "model")
    assert (again.anomaly_score(values) == detector.anomaly_score(values)).all()
    assert again.manifest_["scaler"] == (next(iter(scaler.values())) if isinstance(scaler, dict) else scaler)


@pytest.mark.parametrize("n", [100, 2500, 30_000])
def test_fold_models_take_as_many_steps_as_the_final_one(n: int) -> None:
    train = TrainSettings()
    n_fold = n * 4 // 5
    steps = train.epochs_for(n) * train.steps_per_epoch(n)
    fold_steps = _matched_epochs(train, n, n_fold) * train.steps_per_epoch(n_fold)
    assert fold_steps == pytest.approx(steps, abs=train.steps_per_epoch(n_fold) / 2)


def test_a_recipe_of_ones_own_is_trained_copied_and_kept(tmp_path: Path) -> None:
    own = replace(
        PRESETS["default"],
        scaler="robust",
        scorer={"flow": "centroid", "*": "feature_prototypes+embedding_prototypes"},
        least_rarity={"*": 1.5},
        train=TrainSettings(width=16, dim=8, epochs=2, objective="clan", objective_params={}),
    )
    values = np.random.default_rng(0).normal(size=(100, 4))
    detector = clone(ClanDetector(preset=own, fpr=0.1, random_state=0)).fit(values)
    assert detector.get_params()["preset"] == own
    assert (detector.manifest_["preset"], detector.manifest_["recipe"]) == ("own", own.entry())
    detector.save(tmp_path / "model")
    again = ClanDetector.load(tmp_path / "model")
    assert again.preset == own
    assert (again.anomaly_score(values) == detector.anomaly_score(values)).all()
    again.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "model").read_bytes()
    refitted = again.fit(values)
    assert refitted.manifest_["recipe"] == own.entry()


@pytest.mark.parametrize("preset", [7, None, ["default"], {"scorer": "centroid"}])
def test_what_is_no_preset_is_told(preset: Any) -> None:
    with pytest.raises(ConfigError, match=r"preset must be a name or a clan\.detect.Preset, got"):
        ClanDetector(preset=preset).fit(np.zeros((30, 2)))


def test_a_model_whose_recipe_does_not_fit_is_refused(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(60, 2))
    own = replace(PRESETS["default"], scorer="feature_prototypes")
    detector = ClanDetector(preset=own, fpr=0.1, random_state=0).fit(values)
    detector.record_.facts["recipe"]["train"]["speed"] = 1
    detector.save(tmp_path / "model")
    with pytest.raises(ModelFileError, match="does not hold together"):
        ClanDetector.load(tmp_path / "model")
