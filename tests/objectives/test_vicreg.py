"""The three VICReg terms equal their formulas; the loss does not care for a common shift or rows' order."""

from __future__ import annotations

import pytest
import torch
from tests.objectives.compare import pair, same, views

from clan.errors import ConfigError
from clan.objectives import VICReg, vicreg_loss


def slow_loss(a: torch.Tensor, b: torch.Tensor, invariance: float, variance: float, covariance: float) -> torch.Tensor:
    """Eq. 1 to 6 of Bardes et al. 2022, entry by entry, scaled as in the authors' code."""
    n, dim = a.shape
    apart = torch.stack([(a[i, k] - b[i, k]) ** 2 for i in range(n) for k in range(dim)]).sum() / (n * dim)
    spread = shared = a.sum() * 0
    for z in (a, b):
        mean = z.sum(dim=0) / n
        for j in range(dim):
            var = ((z[:, j] - mean[j]) ** 2).sum() / (n - 1)
            spread = spread + torch.clamp(1 - torch.sqrt(var + 1e-4), min=0) / dim / 2
            for k in range(dim):
                if k != j:
                    shared = shared + (((z[:, j] - mean[j]) * (z[:, k] - mean[k])).sum() / (n - 1)) ** 2 / dim
    return invariance * apart + variance * spread + covariance * shared


@pytest.mark.parametrize("weights", [(25.0, 25.0, 1.0), (1.0, 2.0, 3.0)])
def test_value_and_gradients_equal_the_formula(weights: tuple[float, float, float]) -> None:
    a, b = pair(0)
    a = (0.6 * a).detach().requires_grad_()  # some columns below, some above the wanted spread
    same(VICReg(*weights)(views(a, b)), slow_loss(a, b, *weights), a, b)


def test_common_shift_and_order_of_rows_and_views_do_not_matter() -> None:
    a, b = pair(1)
    expected = pytest.approx(vicreg_loss(a, b).item())
    shift = torch.arange(5)
    assert vicreg_loss(a + shift, b + shift).item() == expected
    assert vicreg_loss(a.flip(0), b.flip(0)).item() == expected
    assert vicreg_loss(b, a).item() == expected


def test_one_row_is_finite_and_weights_are_checked() -> None:
    a, b = pair(2, n=1)
    assert torch.isfinite(torch.autograd.grad(vicreg_loss(a, b), a)[0]).all()
    with pytest.raises(ConfigError, match="variance must be above 0"):
        VICReg(variance=0)
