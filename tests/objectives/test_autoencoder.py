"""Autoencoders' errors equal their formulas."""

from __future__ import annotations

import pytest
import torch
from tests.objectives.compare import bound, pair, same, views

from clan.errors import ConfigError
from clan.objectives import Autoencoder, DenoisingAutoencoder


def test_error_is_squared_distance_to_the_decoded_row() -> None:
    a, b = pair(0)
    module, _ = bound(Autoencoder())
    slow = torch.stack([((module.decoder(z) - x) ** 2).sum() for x, z in zip(a.detach(), a, strict=True)])
    same(module(views(a, b)), slow.mean() / 5, a)
    assert module.error(a, a).detach().numpy() == pytest.approx(slow.detach().numpy())


def test_denoising_decodes_the_spoiled_row_and_keeps_codes_small() -> None:
    a, b = pair(1)
    module, _ = bound(DenoisingAutoencoder(shrinkage=0.3))
    slow = torch.stack([((module.decoder(z) - x) ** 2).mean() for x, z in zip(a.detach(), b, strict=True)]).mean()
    same(module(views(a, b)), slow + 0.3 * (b**2).sum() / b.numel(), b)


def test_values_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="hidden must be at least 1"):
        Autoencoder(hidden=0)
    with pytest.raises(ConfigError, match="shrinkage must be at least 0"):
        DenoisingAutoencoder(shrinkage=-1)
