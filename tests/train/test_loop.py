"""Training learns, repeats itself, stops early, survives an interruption and refuses nonsense."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from clan.errors import ConfigError, TrainingError, TrainingWarning, UnknownNameError
from clan.train import TrainProgress, TrainSettings, train_encoder
from clan.train.loop import learning_rate

SMALL = TrainSettings(width=16, n_blocks=2, dim=8, epochs=8, batch_size=64, device="cpu", precision="float32")
X = np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32) * 0.3


def same(a, b) -> bool:  # type: ignore[no-untyped-def]
    return all((a.tensors()[name] == value).all() for name, value in b.tensors().items())


def test_training_separates_benign_from_replaced_values() -> None:
    encoder = train_encoder(X, replace(SMALL, epochs=40), seed=0)
    away = X.copy()
    away[:, :3] = 1.6
    centre = encoder.embed(X).mean(axis=0)
    assert (encoder.embed(away) @ centre).mean() < (encoder.embed(X) @ centre).mean() - 0.2


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_same_seed_gives_equal_weights_and_another_does_not(precision: str) -> None:
    settings = replace(SMALL, precision=precision, epochs=2)
    first, second, other = (train_encoder(X, settings, seed=seed) for seed in (1, 1, 2))
    assert same(first, second)
    assert not same(first, other)


def test_global_generators_are_left_alone() -> None:
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    train_encoder(X, replace(SMALL, epochs=1), seed=1)
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()  # type: ignore[index]  # noqa: NPY002


def test_progress_counts_epochs_and_best_never_rises() -> None:
    seen: list[TrainProgress] = []
    train_encoder(X, replace(SMALL, patience=8), seed=0, progress=seen.append)
    assert [state.epoch for state in seen] == list(range(1, 9))
    best = [state.best for state in seen]
    assert best == sorted(best, reverse=True)
    assert all(state.best <= state.loss for state in seen)


def test_stops_early_when_the_held_out_loss_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[TrainProgress] = []
    settings = replace(SMALL, epochs=50, patience=3, learning_rate=1e-12, min_learning_rate=0.0)
    train_encoder(X, replace(settings, warmup_fraction=0.0), seed=0, progress=seen.append)
    assert len(seen) < 50
    assert seen[-1].epoch - min(s.epoch for s in seen if s.loss == seen[-1].best) == 3


def test_interruption_keeps_the_best_weights_and_warns() -> None:
    def interrupt(state: TrainProgress) -> None:
        if state.epoch == 3:
            raise KeyboardInterrupt

    with pytest.warns(TrainingWarning, match=r"interrupted in epoch 3 of 8; the weights of epoch \d are kept"):
        encoder = train_encoder(X, SMALL, seed=0, progress=interrupt)
    assert np.isfinite(encoder.embed(X)).all()


def test_loss_that_is_not_finite_is_an_error() -> None:
    with pytest.raises(TrainingError, match="the loss became nan in epoch 1"):
        train_encoder(np.full((100, 3), np.nan, dtype=np.float32), SMALL, seed=0)


def test_collapsed_embedding_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clan.encoder.network.Network.forward", lambda self, x: x[:, :1] * 0 + self.bias)
    with pytest.raises(TrainingError, match="collapsed"):
        train_encoder(X, replace(SMALL, epochs=1), seed=0)


def test_learning_rate_rises_then_falls_as_published() -> None:
    paper = TrainSettings(learning_rate=1e-4, min_learning_rate=1e-6)
    rates = [learning_rate(step, 1001, paper) for step in range(1001)]
    assert rates[0] == pytest.approx(1e-6)
    assert rates[100] == pytest.approx(1e-4)
    assert rates[1000] == pytest.approx(1e-6)
    assert rates[550] == pytest.approx((1e-4 + 1e-6) / 2)  # half of the cosine
    assert all(math.isfinite(rate) for rate in rates)


@pytest.mark.parametrize("n", [2, 3, 65])
def test_few_rows_train_without_a_held_out_part(n: int) -> None:
    assert train_encoder(X[:n], replace(SMALL, epochs=2), seed=0).dim == 8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"probability": 1.5}, r"probability must be in \[0, 1\]"),
        ({"validation_fraction": 0.9}, "validation_fraction"),
        ({"precision": "float16"}, "precision must be auto, bfloat16 or float32"),
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(SMALL, **change)


def test_unknown_objective_augmentation_and_device_are_named() -> None:
    with pytest.raises(UnknownNameError, match="unknown objective 'clam'"):
        train_encoder(X, replace(SMALL, objective="clam"), seed=0)
    with pytest.raises(UnknownNameError, match="unknown augmentation"):
        train_encoder(X, replace(SMALL, augmentation="none"), seed=0)
    with pytest.raises(ConfigError, match="device 'tpu9' cannot be used"):
        train_encoder(X, replace(SMALL, device="tpu9"), seed=0)
