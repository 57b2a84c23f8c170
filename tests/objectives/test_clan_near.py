"""The loss with near positives equals a slow loop over pairs, in value and gradient."""

from __future__ import annotations

import pytest
import torch

from clan.errors import ConfigError
from clan.objectives import ClanNearLoss, Views, clan_linear_loss, clan_near_loss, objective


def slow_loss(
    benign: torch.Tensor, augmented: torch.Tensor, x: torch.Tensor, n_near: int, margin: float
) -> torch.Tensor:
    """The definition, pair by pair."""

    def distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (1 - torch.dot(a, b) / (a.norm() * b.norm())) / 2

    pulled = []
    for i in range(len(x)):
        others = sorted((j for j in range(len(x)) if j != i), key=lambda j: float((x[i] - x[j]).norm()))
        pulled += [distance(benign[i], benign[j]) for j in others[:n_near]]
    pushed = [margin - distance(a, b) for a in benign for b in augmented]
    pushed = [term for term in pushed if term > 1e-6]
    zero = benign.sum() * 0
    return 0.5 * sum(pulled, zero) / max(len(pulled), 1) + 0.5 * sum(pushed, zero) / max(len(pushed), 1)


def batch(n: int = 12, m: int = 9) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    benign, augmented, x = (torch.randn(rows, 5, generator=generator, dtype=torch.float64) for rows in (n, m, n))
    return (benign + 1).requires_grad_(), augmented.requires_grad_(), x


@pytest.mark.parametrize("n_near", [1, 3, 50])
@pytest.mark.parametrize("margin", [0.2, 0.5, 1.0])
def test_value_and_gradients_equal_the_definition(n_near: int, margin: float) -> None:
    benign, augmented, x = batch()
    expected = slow_loss(benign, augmented, x, n_near, margin)
    found = clan_near_loss(benign, augmented, x, n_near=n_near, margin=margin)
    assert found.item() == pytest.approx(expected.item(), rel=1e-9)
    for one, other in zip(
        torch.autograd.grad(found, (benign, augmented)), torch.autograd.grad(expected, (benign, augmented)), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-10)


def test_with_all_others_as_positives_it_is_the_published_loss_but_for_its_mask() -> None:
    benign, augmented, x = batch()
    published = clan_linear_loss(benign, augmented, n_anchors=len(benign))
    assert clan_near_loss(benign, augmented, x, n_near=len(x)).item() == pytest.approx(published.item(), rel=1e-9)


def test_clusters_may_lie_apart_without_a_loss() -> None:
    x = torch.tensor([[0.0], [0.1], [9.0], [9.1]])
    directions = torch.tensor([[1.0, 0], [1, 0], [-1, 0], [-1, 0]])
    far = torch.zeros(0, 2)
    assert clan_near_loss(directions, far, x, n_near=1).item() == 0
    assert clan_near_loss(directions, far, x, n_near=3).item() > 0


def test_one_flow_has_no_positives_and_a_gradient() -> None:
    benign = torch.ones(1, 4, requires_grad=True)
    value = clan_near_loss(benign, -torch.ones(3, 4), torch.zeros(1, 2))
    (gradient,) = torch.autograd.grad(value, benign)
    assert value.item() == 0
    assert torch.isfinite(gradient).all()


def test_it_is_an_objective_with_its_own_parameter() -> None:
    made = objective("clan_near", margin=0.4, n_near=2)
    assert str(made) == "ClanNearLoss(margin=0.4, n_near=2)"
    benign, augmented, x = batch()
    views = Views(x=x, x_augmented=x[:0], z=benign, z_augmented=augmented)
    assert made(views).item() == clan_near_loss(benign, augmented, x, n_near=2, margin=0.4).item()
    with pytest.raises(ConfigError, match="n_near must be at least 1"):
        ClanNearLoss(n_near=0)
