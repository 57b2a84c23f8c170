"""Cross-entropy equals its formula, and the loop gives every class as many turns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from clan.errors import ConfigError
from clan.objectives import CrossEntropy, Views
from clan.train import TrainSettings, train
from clan.train.loop import _order

SETTINGS = TrainSettings(
    width=16, n_blocks=1, dim=4, epochs=30, batch_size=16, objective="cross_entropy", validation_fraction=0.0,
    precision="float32", device="cpu",
)  # fmt: skip


def test_equals_the_mean_of_minus_the_logarithms_of_the_right_class() -> None:
    loss_of, generator = CrossEntropy(3), torch.Generator().manual_seed(0)
    loss_of.bind(torch.nn.Identity(), n_features=5, dim=4, generator=generator)
    z, y = torch.randn(6, 4, generator=generator), torch.tensor([0, 1, 2, 2, 1, 0])
    logits = (z @ loss_of.layer.weight.T + loss_of.layer.bias).detach().numpy().astype(np.float64)
    expected = [np.log(np.exp(row).sum()) - row[code] for row, code in zip(logits, y.tolist(), strict=True)]
    loss = loss_of(Views(x=z, x_augmented=z[:0], z=z, z_augmented=z[:0], y=y))
    assert float(loss.detach()) == pytest.approx(np.mean(expected), abs=1e-6)


def test_an_epoch_holds_each_class_about_equally_often() -> None:
    classes = torch.tensor([0] * 900 + [1] * 90 + [2] * 10)
    order = _order(1000, classes, torch.Generator().manual_seed(0))
    counts = torch.bincount(classes[order]).tolist()
    assert min(counts) > 270
    plain = _order(1000, None, torch.Generator().manual_seed(0))
    assert sorted(plain.tolist()) == list(range(1000))


def test_learns_a_rare_class_and_starts_from_the_encoder_that_it_is_given() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(210, 3)).astype(np.float32)
    y = np.repeat([0, 1], [200, 10])
    x[y == 1] += 3
    first = train(x, replace(SETTINGS, learning_rate=1e-2), seed=0, y=y)
    layer = first.objective.layer
    assert isinstance(layer, torch.nn.Module)
    z = torch.from_numpy(first.encoder.project(x))
    assert (layer(z).argmax(dim=1).numpy() == y).mean() > 0.95
    still = replace(SETTINGS, epochs=1, learning_rate=0.0, min_learning_rate=0.0)
    again = train(x, still, seed=5, y=y, start=first.encoder)
    assert all(np.array_equal(again.encoder.tensors()[name], value) for name, value in first.encoder.tensors().items())
    with pytest.raises(ConfigError, match="another shape"):
        train(x, replace(still, width=8), seed=5, y=y, start=first.encoder)


def test_one_class_is_none() -> None:
    with pytest.raises(ConfigError, match="two classes or more"):
        CrossEntropy(1)
