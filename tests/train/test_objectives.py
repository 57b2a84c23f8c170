"""Every objective trains in the one loop: its loss falls, it repeats itself, and what it owns is learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from clan.errors import ConfigError, DataError
from clan.objectives import OBJECTIVES, Autoencoder
from clan.train import TrainProgress, TrainSettings, train, train_encoder

SMALL = TrainSettings(
    width=16, n_blocks=2, dim=8, epochs=12, batch_size=64, device="cpu", precision="float32", patience=12
)
X = np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32) * 0.5
Y = (np.arange(300) % 3 == 0).astype(np.int64)
X[Y == 1, 0] += 3


def run(name: str, **changes: object) -> tuple[dict[str, np.ndarray], list[float]]:
    losses: list[float] = []

    def note(state: TrainProgress) -> None:
        losses.append(state.loss)

    kind = OBJECTIVES[name]
    changes = {"augmentation": "identity" if name == "conflow" else "marginal", **changes}
    settings = replace(SMALL, objective=name, **changes)  # type: ignore[arg-type]
    encoder = train_encoder(X, settings, seed=1, y=Y if kind.needs_labels else None, progress=note)
    return encoder.tensors(), losses


@pytest.mark.parametrize("name", sorted(OBJECTIVES))
def test_loss_falls_and_the_seed_repeats(name: str) -> None:
    first, losses = run(name)
    again, _ = run(name)
    assert min(losses) < losses[0]
    assert all((first[key] == again[key]).all() for key in first)


@pytest.mark.parametrize("name", sorted(OBJECTIVES))
def test_last_batch_of_one_row_and_no_rows_held_back(name: str) -> None:
    _, losses = run(name, epochs=1, validation_fraction=0.0, batch_size=299)
    assert np.isfinite(losses).all()


def test_labels_bring_classes_apart() -> None:
    encoder = train_encoder(X, replace(SMALL, objective="clad", epochs=40), seed=0, y=Y)
    z = encoder.embed(X)
    centre = z[Y == 0].mean(axis=0)
    assert (z[Y == 1] @ centre).mean() < (z[Y == 0] @ centre).mean() - 0.3


def test_deep_svdd_ends_at_the_origin_without_biases_in_its_blocks() -> None:
    encoder = train_encoder(X, replace(SMALL, objective="deep_svdd", epochs=40), seed=0)
    away = X + np.float32(5)
    assert np.square(encoder.project(away)).sum(axis=1).mean() > 5 * np.square(encoder.project(X)).sum(axis=1).mean()
    assert all((block.bias == 0).all() for block in encoder.blocks)


def test_parameters_reach_the_objective_and_the_augmentation() -> None:
    first, _ = run("simclr", epochs=1)
    for change in ({"objective_params": {"temperature": 0.1}}, {"augmentation": "gaussian"}):
        other, _ = run("simclr", epochs=1, **change)
        assert any((first[key] != other[key]).any() for key in first)


def test_objective_comes_back_as_it_was_trained() -> None:
    trained = train(X, replace(SMALL, objective="autoencoder", dim=3, epochs=60), seed=0)
    assert isinstance(trained.objective, Autoencoder)
    away = np.where(np.arange(6) % 2, 4, -4).astype(np.float32) + X
    with torch.no_grad():
        near, far = (
            trained.objective.error(torch.from_numpy(x), torch.from_numpy(trained.encoder.project(x))).mean()
            for x in (X, away)
        )
    assert far > 5 * near


def test_dropout_is_off_after_training(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    monkeypatch.setattr("clan.train.loop._check_not_collapsed", lambda net, *_: seen.append(net.training))
    run("conflow", epochs=1)
    assert seen == [False]


def test_global_generator_is_left_alone_by_dropout_and_heads() -> None:
    before = torch.get_rng_state()
    for name in ("conflow", "simsiam", "byol"):
        run(name, epochs=1)
    assert torch.equal(before, torch.get_rng_state())


def test_labels_that_lack_or_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="objective 'clad' needs the class of each training row"):
        train_encoder(X, replace(SMALL, objective="clad"), seed=0)
    with pytest.raises(DataError, match="one class for each of the 300 rows, found 2"):
        train_encoder(X, replace(SMALL, objective="clad"), seed=0, y=Y[:2])
    with pytest.raises(ConfigError, match="no parameter 'tau'"):
        train_encoder(X, replace(SMALL, objective_params={"tau": 1.0}), seed=0)
    with pytest.raises(ConfigError, match="objective_params must be finite numbers, got tau=nan"):
        replace(SMALL, objective_params={"tau": float("nan")})
