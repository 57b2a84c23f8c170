"""The published loss equals a slow loop over pairs, in value and gradient."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings

from clan.errors import ConfigError, UnknownNameError
from clan.objectives import ClanLinearLoss, ClanLoss, Views, clan_linear_loss, clan_loss, objective


def slow_loss(benign: torch.Tensor, augmented: torch.Tensor, margin: float) -> torch.Tensor:
    """The formula of the paper, pair by pair."""

    def distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (1 - torch.dot(a, b) / (a.norm() * b.norm())) / 2

    pulled = [distance(a, b) for a in benign for b in benign]
    pushed = [margin - distance(a, b) for a in benign for b in augmented]
    pulled = [d for d in pulled if d > 1e-6]
    pushed = [d for d in pushed if d > 1e-6]
    zero = benign.sum() * 0
    return 0.5 * sum(pulled, zero) / max(len(pulled), 1) + 0.5 * sum(pushed, zero) / max(len(pushed), 1)


def batches(seed: int, n: int = 12, m: int = 9, dim: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    benign = torch.randn(n, dim, generator=generator, dtype=torch.float64) + 1
    benign[1] = benign[0]  # a pair that the mask leaves out
    return benign.requires_grad_(), torch.randn(m, dim, generator=generator, dtype=torch.float64).requires_grad_()


@pytest.mark.parametrize("margin", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("block", [1, 5, 1024])
def test_value_and_gradients_equal_the_formula(margin: float, block: int) -> None:
    benign, augmented = batches(seed=3)
    expected = slow_loss(benign, augmented, margin)
    found = clan_loss(benign, augmented, margin=margin, block=block)
    assert found.item() == pytest.approx(expected.item(), rel=1e-9)
    for one, other in zip(
        torch.autograd.grad(found, (benign, augmented)), torch.autograd.grad(expected, (benign, augmented)), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-10)


def test_closed_form_of_orthogonal_and_opposite_directions() -> None:
    benign, augmented = torch.eye(3), torch.eye(3)
    # benign pairs: d = 1/2; benign/augmented: three at d = 0 (term 1/2), six at d = 1/2 (term 0, masked)
    assert clan_loss(benign, augmented, margin=0.5).item() == pytest.approx(0.5 * 0.5 + 0.5 * 0.5)
    assert clan_loss(benign, -benign.sum(0, keepdim=True), margin=0.5).item() == pytest.approx(0.25)
    assert clan_linear_loss(benign, augmented, margin=0.5).item() == pytest.approx(0.5)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), scale=st.floats(1e-3, 1e3))
def test_length_of_embeddings_does_not_matter(seed: int, scale: float) -> None:
    benign, augmented = batches(seed)
    for loss in (clan_loss, clan_linear_loss):
        assert loss(benign * scale, augmented * scale).item() == pytest.approx(loss(benign, augmented).item(), rel=1e-9)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 30), margin=st.floats(0.05, 1.0))
def test_linear_form_is_exact_when_no_pair_is_masked(seed: int, n: int, margin: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    benign = torch.randn(n, 6, generator=generator, dtype=torch.float64)
    augmented = torch.randn(n, 6, generator=generator, dtype=torch.float64)
    exact = clan_loss(benign, augmented, margin=margin)
    assert clan_linear_loss(benign, augmented, margin=margin, n_anchors=n).item() == pytest.approx(
        exact.item(), rel=1e-9
    )


def test_anchors_approximate_all_benign_rows() -> None:
    generator = torch.Generator().manual_seed(0)
    benign = torch.randn(512, 8, generator=generator) * 0.2 + 1
    augmented = torch.randn(512, 8, generator=generator)
    exact = clan_loss(benign, augmented).item()
    assert clan_linear_loss(benign, augmented, n_anchors=64).item() == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("loss", [clan_loss, clan_linear_loss])
def test_one_benign_row_and_identical_rows_are_finite_with_gradients(loss) -> None:  # type: ignore[no-untyped-def]
    for benign in (torch.ones(1, 4, requires_grad=True), torch.ones(5, 4, requires_grad=True)):
        value = loss(benign, torch.ones(5, 4))
        (gradient,) = torch.autograd.grad(value, benign)
        assert math.isfinite(value.item())
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("module", [ClanLoss, ClanLinearLoss])
@pytest.mark.parametrize("margin", [0.0, -1.0, 1.5])
def test_margin_out_of_range_is_refused(module: type[ClanLoss], margin: float) -> None:
    with pytest.raises(ConfigError, match=r"margin must be in \(0, 1\]"):
        module(margin=margin)


def test_registry_builds_modules_and_names_the_nearest() -> None:
    benign, augmented = batches(seed=0)
    views = Views(x=benign, x_augmented=augmented, z=benign, z_augmented=augmented)
    assert objective("clan", margin=0.4)(views).item() == clan_loss(benign, augmented, margin=0.4).item()
    assert "margin=0.4" in repr(objective("clan_linear", margin=0.4))
    with pytest.raises(UnknownNameError, match="did you mean 'clan'"):
        objective("clam")
    with pytest.raises(ConfigError, match=r"objective 'simclr' has no parameter 'margn' \(known: temperature\)"):
        objective("simclr", margn=0.4)
    with pytest.raises(ConfigError, match=r"objective 'clan' has no parameter 'tau' \(known: none\)"):
        objective("clan", tau=0.4)
