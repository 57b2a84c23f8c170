"""Random batches, and the comparison of a loss with a slow loop."""

from __future__ import annotations

from typing import TypeVar

import pytest
import torch

from clan.objectives import Objective, Views

Kind = TypeVar("Kind", bound=Objective)


def pair(seed: int, n: int = 9, dim: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    """Two views of n rows, float64, with gradients."""
    generator = torch.Generator().manual_seed(seed)
    a = torch.randn(n, dim, generator=generator, dtype=torch.float64) + 0.5
    b = a + 0.7 * torch.randn(n, dim, generator=generator, dtype=torch.float64)
    return a.requires_grad_(), b.detach().clone().requires_grad_()


def views(a: torch.Tensor, b: torch.Tensor, y: torch.Tensor | None = None) -> Views:
    """Embeddings that are their own rows."""
    return Views(x=a.detach(), x_augmented=b.detach(), z=a, z_augmented=b, y=y)


def same(found: torch.Tensor, slow: torch.Tensor, *inputs: torch.Tensor) -> None:
    """Assert that value and gradients agree."""
    assert found.item() == pytest.approx(slow.item(), rel=1e-9, abs=1e-12)
    gradients = zip(
        torch.autograd.grad(found, inputs), torch.autograd.grad(slow, inputs, retain_graph=True), strict=True
    )
    for one, other in gradients:
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)


def bound(objective: Kind, dim: int = 5) -> tuple[Kind, torch.nn.Linear]:
    """Bind an objective to a linear network in float64."""
    network = torch.nn.Linear(dim, dim, bias=False, dtype=torch.float64)
    torch.nn.init.eye_(network.weight)
    objective.bind(network, n_features=dim, dim=dim, generator=torch.Generator().manual_seed(0))
    return objective.double(), network
