"""CLAD and CLOSR equal a slow loop over pairs; flows of other classes do not repel each other."""

from __future__ import annotations

import pytest
import torch
from tests.objectives.compare import pair, same, views

from clan.errors import ConfigError
from clan.objectives import CLAD, CLOSR, clad_loss, clan_loss, closr_loss

Y = [0, 0, 1, 2, 0, 1, 0, 2, 0]


def slow_clad(z: torch.Tensor, y: list[int], target: int, margin: float, *, squared: bool) -> torch.Tensor:
    """The two terms, pair by pair."""

    def distance(i: int, j: int) -> torch.Tensor:
        return (1 - torch.dot(z[i], z[j]) / (z[i].norm() * z[j].norm())) / 2

    mine, others = ([i for i, c in enumerate(y) if (c == target) is is_it] for is_it in (True, False))
    pulls = [distance(i, j) for i in mine for j in mine]
    pushes = [margin - distance(i, j) for i in mine for j in others]
    total = z.sum() * 0
    for terms in (pulls, pushes):
        kept = [term for term in terms if term > 1e-6]
        total = total + 0.5 * sum(((t**2 if squared else t) for t in kept), z.sum() * 0) / max(len(kept), 1)
    return total


@pytest.mark.parametrize("squared", [True, False])
@pytest.mark.parametrize("margin", [0.2, 0.8])
def test_clad_equals_the_formula(margin: float, squared: bool) -> None:
    z, _ = pair(0)
    found = clad_loss(z, torch.tensor(Y), margin=margin, squared=squared)
    same(found, slow_clad(z, Y, 0, margin, squared=squared), z)


def test_module_and_lengths() -> None:
    z, _ = pair(1)
    expected = slow_clad(z, Y, 0, 0.5, squared=True).item()
    assert CLAD(0.5)(views(3 * z, z[:0], torch.tensor(Y))).item() == pytest.approx(expected)


def test_unsquared_with_benign_and_other_flows_it_is_the_clan_loss() -> None:
    benign, other = pair(2)
    y = torch.tensor([0] * len(benign) + [1] * len(other))
    found = clad_loss(torch.cat([benign, other]), y, squared=False)
    assert found.item() == pytest.approx(clan_loss(benign, other).item())


def test_other_classes_leave_each_other_alone() -> None:
    z, _ = pair(3)
    (gradient,) = torch.autograd.grad(clad_loss(z, torch.tensor([1, 2] * 4 + [1])), z)
    assert gradient.abs().sum() == 0


def test_closr_averages_over_the_classes_spaces() -> None:
    z, _ = pair(4, dim=6)
    spaces = z.reshape(9, 3, 2)
    slow = torch.stack([slow_clad(spaces[:, c], Y, c, 0.5, squared=True) for c in range(3)]).mean()
    same(closr_loss(spaces, torch.tensor(Y)), slow, z)
    same(CLOSR(n_classes=3)(views(z, z[:0], torch.tensor(Y))), slow, z)


def test_what_cannot_be_is_refused() -> None:
    z, _ = pair(5)
    with pytest.raises(ConfigError, match="needs the class of each training row"):
        CLAD()(views(z, z))
    with pytest.raises(ConfigError, match="n_classes must be a whole number of at least 2"):
        CLOSR(n_classes=1)
    with pytest.raises(ConfigError, match="dim must be a multiple of the 3 classes, got 64"):
        CLOSR(n_classes=3).bind(torch.nn.Identity(), n_features=3, dim=64, generator=torch.Generator())
