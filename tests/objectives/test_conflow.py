"""The supervised contrast equals its formula, and is NT-Xent where each flow is its own class."""

from __future__ import annotations

import pytest
import torch
from tests.objectives.compare import pair, same, views

from clan.objectives import ConFlow, nt_xent, supervised_contrast


def slow_contrast(a: torch.Tensor, b: torch.Tensor, y: list[int], temperature: float) -> torch.Tensor:
    """Eq. 2 of Khosla et al. 2020, view by view."""
    z, classes, total = [*a, *b], [*y, *y], a.sum() * 0

    def cosine(i: int, j: int) -> torch.Tensor:
        return torch.dot(z[i], z[j]) / (z[i].norm() * z[j].norm()) / temperature

    for i in range(len(z)):
        below = torch.stack([torch.exp(cosine(i, k)) for k in range(len(z)) if k != i]).sum()
        positives = [j for j in range(len(z)) if j != i and classes[j] == classes[i]]
        terms = [torch.log(torch.exp(cosine(i, j)) / below) for j in positives]
        total = total - torch.stack(terms).mean()
    return total / len(z)


def test_value_and_gradients_equal_the_formula() -> None:
    a, b = pair(0, n=6)
    y = [0, 0, 1, 2, 1, 0]
    slow = slow_contrast(a, b, y, 0.2)
    same(supervised_contrast(a, b, torch.tensor(y), temperature=0.2), slow, a, b)
    same(ConFlow(0.2)(views(a, b, torch.tensor(y))), 0.2 * slow_contrast(a, b, y, 0.2), a, b)


def test_without_classes_each_flow_is_its_own() -> None:
    a, b = pair(1)
    own = supervised_contrast(a, b, torch.arange(len(a)), temperature=0.07)
    assert own.item() == pytest.approx(nt_xent(a, b, temperature=0.07).item())
    assert ConFlow()(views(a, b)).item() == pytest.approx(0.07 * own.item())
    assert ConFlow.dropout == 0.3
