"""The paper preset is the published recipe, number by number, and trains as such."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clan.detect import PRESETS, ClanDetector
from clan.detect.cross_fit import _matched_epochs
from clan.errors import DataError
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
