"""DAGMM's mixture, energy and loss equal slow loops written from the paper's equations."""

from __future__ import annotations

import math

import pytest
import torch
from tests.objectives.compare import bound, pair, same, views

from clan.errors import ConfigError
from clan.objectives import DAGMM
from clan.objectives.dagmm import JITTER, energy, mixture_of


def slow_energy(rows: torch.Tensor, share: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Eq. 5 and 6, component by component; and the sum of 1 / variance of eq. 7."""
    d, densities, fence = rows.shape[1], rows.sum() * 0, rows.sum() * 0
    weight = share.sum(dim=0)
    for k in range(share.shape[1]):
        mean = sum(g * row for g, row in zip(share[:, k], rows, strict=True)) / weight[k]
        outer = [g * torch.outer(row - mean, row - mean) for g, row in zip(share[:, k], rows, strict=True)]
        covariance = torch.stack(outer).sum(dim=0) / weight[k] + JITTER * torch.eye(d)
        apart = rows - mean
        quadratic = torch.stack([row @ torch.linalg.inv(covariance) @ row for row in apart])
        scale = torch.sqrt(torch.linalg.det(covariance) * (2 * math.pi) ** d)
        densities = densities + weight[k] / len(rows) * torch.exp(-quadratic / 2) / scale
        fence = fence + (1 / covariance.diagonal()).sum()
    return -torch.log(densities), fence


def test_energy_equals_the_formula() -> None:
    rows, _ = pair(0, n=12, dim=3)
    share = torch.softmax(torch.randn(12, 2, generator=torch.Generator().manual_seed(0)).double(), dim=1)
    slow, _ = slow_energy(rows, share)
    same(energy(rows, mixture_of(rows, share)).sum(), slow.sum(), rows)


def test_loss_equals_the_formula() -> None:
    a, b = pair(1, n=20)
    module, _ = bound(DAGMM(components=2))
    rows = module.described(a.detach(), a)
    decoded = module.decoder(a)
    relative = [(x - d).norm() / x.norm() for x, d in zip(a.detach(), decoded, strict=True)]
    cosine = [torch.dot(x, d) / (x.norm() * d.norm()) for x, d in zip(a.detach(), decoded, strict=True)]
    expected = torch.cat([a, torch.stack([torch.stack(relative), torch.stack(cosine)]).T], dim=1)
    torch.testing.assert_close(rows, expected)
    energies, fence = slow_energy(expected, module.estimator(expected))
    lost = ((a.detach() - decoded) ** 2).sum() / len(a)
    same(module(views(a, b)), lost + 0.1 * energies.mean() + 0.005 * fence, a)


def test_identical_rows_are_finite_and_values_are_checked() -> None:
    a = torch.ones(6, 5, dtype=torch.float64, requires_grad=True)
    module, _ = bound(DAGMM())
    assert torch.isfinite(torch.autograd.grad(module(views(a, a)), a)[0]).all()
    with pytest.raises(ConfigError, match="components must be at least 1"):
        DAGMM(components=0)
