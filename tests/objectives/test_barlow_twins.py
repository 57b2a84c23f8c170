"""The Barlow Twins loss equals its formula; shift and scale of a column do not matter."""

from __future__ import annotations

import pytest
import torch
from tests.objectives.compare import pair, same, views

from clan.errors import ConfigError
from clan.objectives import BarlowTwins, barlow_twins_loss


def slow_loss(a: torch.Tensor, b: torch.Tensor, redundancy: float) -> torch.Tensor:
    """Eq. 1 and 2 of Zbontar et al. 2021, entry by entry; 1e-5 as in the authors' batch normalisation."""

    def column(z: torch.Tensor, i: int) -> torch.Tensor:
        return (z[:, i] - z[:, i].mean()) / torch.sqrt(z[:, i].var(correction=0) + 1e-5)

    total = a.sum() * 0
    for i in range(a.shape[1]):
        for j in range(a.shape[1]):
            correlation = (column(a, i) * column(b, j)).sum() / len(a)
            total = total + ((1 - correlation) ** 2 if i == j else redundancy * correlation**2)
    return total


@pytest.mark.parametrize("redundancy", [0.0051, 1.0])
def test_value_and_gradients_equal_the_formula(redundancy: float) -> None:
    a, b = pair(0)
    same(barlow_twins_loss(a, b, redundancy=redundancy), slow_loss(a, b, redundancy), a, b)
    same(BarlowTwins(redundancy)(views(a, b)), slow_loss(a, b, redundancy), a, b)


def test_shift_and_scale_of_columns_do_not_matter() -> None:
    a, b = pair(1, n=50)
    moved = 100 * a + torch.arange(5)
    assert barlow_twins_loss(moved, b).item() == pytest.approx(barlow_twins_loss(a, b).item(), rel=1e-4)


def test_independent_columns_that_agree_cost_nothing() -> None:
    columns = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)
    assert barlow_twins_loss(columns, columns).item() == pytest.approx(0, abs=1e-8)


def test_one_row_is_finite_and_weights_are_checked() -> None:
    a, b = pair(2, n=1)
    assert torch.isfinite(torch.autograd.grad(barlow_twins_loss(a, b), a)[0]).all()
    with pytest.raises(ConfigError, match="redundancy must be above 0"):
        BarlowTwins(-1)
