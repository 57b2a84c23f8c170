"""BYOL equals its formula; the target follows the network slowly and gets no gradient."""

from __future__ import annotations

import pytest
import torch
from tests.objectives.compare import bound, pair, same, views

from clan.errors import ConfigError
from clan.objectives import BYOL, byol_loss


def test_value_and_gradients_equal_the_formula() -> None:
    a, b = pair(0)
    module, _ = bound(BYOL())

    def one_way(z: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        rows = zip(module.predictor(z), target.detach(), strict=True)
        return torch.stack([((p / p.norm() - t / t.norm()) ** 2).sum() for p, t in rows]).mean()

    same(module(views(a, b)), one_way(a, b) + one_way(b, a), a, b)  # the bound network is the identity


def test_target_is_a_moving_average_without_gradient() -> None:
    module, network = bound(BYOL(decay=0.75))
    with torch.no_grad():
        network.weight.add_(4.0)
    module.after_step(network)
    assert module.target.get_parameter("weight").numpy() == pytest.approx(torch.eye(5).numpy() + 1.0)
    assert not any(p.requires_grad for p in module.target.parameters())


def test_lengths_do_not_matter_and_opposite_directions_cost_four() -> None:
    a, b = pair(1)
    assert byol_loss(a, 3 * b).item() == pytest.approx(byol_loss(2 * a, b).item())
    assert byol_loss(a, -a).item() == pytest.approx(4)


def test_decay_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"decay must be in \[0, 1\)"):
        BYOL(decay=1.0)
