"""SimSiam equals its formula, and no gradient flows through the target."""

from __future__ import annotations

import pytest
import torch
from tests.objectives.compare import bound, pair, same, views

from clan.objectives import SimSiam, negative_cosine


def test_value_and_gradients_equal_the_formula() -> None:
    a, b = pair(0)
    module, _ = bound(SimSiam())

    def norm(z: torch.Tensor) -> torch.Tensor:
        return torch.stack([(c - c.mean()) / torch.sqrt(c.var(correction=0) + 1e-5) for c in z.T]).T

    def one_way(z: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        predicted, target = module.predictor(norm(z)), norm(other).detach()
        rows = zip(predicted, target, strict=True)
        return -torch.stack([torch.dot(p, t) / (p.norm() * t.norm()) for p, t in rows]).mean()

    same(module(views(a, b)), (one_way(a, b) + one_way(b, a)) / 2, a, b)


def test_target_holds_still() -> None:
    a, b = pair(1)
    assert torch.autograd.grad(negative_cosine(a, b), [a, b], allow_unused=True)[1] is None
    assert negative_cosine(a, 7 * a).item() == pytest.approx(-1)


def test_predictor_comes_from_the_generator_and_is_trained() -> None:
    first, _ = bound(SimSiam())
    second, _ = bound(SimSiam())
    a, b = pair(2)
    assert first(views(a, b)).item() == second(views(a, b)).item()
    assert len(list(first.parameters())) == 4
