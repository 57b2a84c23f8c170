"""Every augmentation keeps its contract; names combine after each other and as alternatives."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from clan.augment import AUGMENTATIONS, augmentation, uniform_resample
from clan.errors import ConfigError, UnknownNameError

SPECS = [*sorted(AUGMENTATIONS), "marginal+gaussian", "uniform|marginal+zero_out|shuffle"]
BY_VALUE = ["cutmix", "gaussian", "marginal", "shuffle", "uniform", "zero_out"]
"""Augmentations that choose single values with a probability."""


def rows(n: int = 500, d: int = 40) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(3)) + 5


def seeded(seed: int = 7) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("spec", SPECS)
def test_input_and_global_generator_are_left_alone_and_the_seed_repeats(spec: str) -> None:
    x, view, before = rows(), augmentation(spec), torch.get_rng_state()
    first, second, other = view(x, seeded()), view(x, seeded()), view(x, seeded(8))
    assert torch.equal(x, rows())
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first, second)
    assert torch.equal(first, other) is (spec == "identity")
    assert (first.shape, first.dtype) == (x.shape, x.dtype)
    assert torch.isfinite(first).all()


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("n", [0, 1])
def test_batches_of_no_row_and_of_one(spec: str, n: int) -> None:
    assert augmentation(spec)(rows(n), seeded()).shape == (n, 40)


@pytest.mark.parametrize("name", BY_VALUE)
@pytest.mark.parametrize("probability", [0.0, 0.1, 1.0])
def test_changes_the_stated_share_of_values(name: str, probability: float) -> None:
    x = rows(1000, 60)
    changed = (augmentation(name, probability=probability)(x, seeded()) != x).float().mean().item()
    fixed_points = 1 / (60 * probability) if name == "shuffle" and probability else 0.001  # values that stay in place
    assert changed == pytest.approx(probability * (1 - fixed_points), abs=0.01)


def test_one_name_is_its_function_alone() -> None:
    x = rows()
    expected = uniform_resample(x, seeded(), probability=0.3, bound=2.0)
    assert torch.equal(augmentation("uniform", probability=0.3, bound=2.0, std=9.0)(x, seeded()), expected)


def test_plus_goes_from_left_to_right() -> None:
    x = torch.ones(200, 10)
    zero_last = augmentation("gaussian+zero_out", probability=1.0)(x, seeded())
    noise_last = augmentation("zero_out + gaussian", probability=1.0)(x, seeded())
    assert (zero_last == 0).all()
    assert noise_last.mean().item() == pytest.approx(0, abs=0.1)
    assert noise_last.std().item() == pytest.approx(1, abs=0.1)


def test_alternatives_take_whole_rows_each_as_often() -> None:
    x = torch.ones(3000, 8)
    view = augmentation("zero_out|identity|zero_out+gaussian", probability=1.0)(x, seeded())
    zeros, ones = (view == 0).all(dim=1).float().mean(), (view == 1).all(dim=1).float().mean()
    assert (zeros.item(), ones.item()) == pytest.approx((1 / 3, 1 / 3), abs=0.03)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unifrom", "did you mean 'uniform'"),
        ("marginal+", "unknown augmentation ''"),
        ("a|b", "augmentation 'a'"),
    ],
)
def test_unknown_name_lists_what_there_is(name: str, message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        augmentation(name)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"sdt": 1.0}, r"no augmentation has a parameter 'sdt' \(known: bound, high, low, mix, probability, std\)"),
        ({"mix": 1.5}, r"mix must be in \[0, 1\]"),
        ({"std": -1.0}, r"std must be in \[0, inf\]"),
        ({"probability": 2.0}, r"probability must be in \[0, 1\]"),
    ],
)
def test_parameters_that_cannot_be_are_refused(params: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        augmentation("uniform", **params)


def test_what_is_taken_from_other_rows_is_from_the_same_column() -> None:
    x = torch.arange(8.0).expand(100, 8) + torch.arange(100.0)[:, None] * 8  # value mod 8 = column
    for name in ("cutmix", "marginal"):
        changed = augmentation(name, probability=1.0)(x, seeded())
        assert (changed % 8 == torch.arange(8.0)).all()
        one_partner = (changed // 8 == changed[:, :1] // 8).all(dim=1)
        assert one_partner.all().item() is (name == "cutmix")


def test_mixup_stays_on_the_way_to_another_row() -> None:
    x = torch.tensor([[0.0, 0.0], [1.0, 10.0]]).repeat(200, 1)
    mixed = augmentation("mixup", mix=0.5)(x, seeded())
    assert mixed[:, 1].numpy() == pytest.approx(10 * mixed[:, 0].numpy(), abs=1e-5)
    assert mixed[::2, 0].max() <= 0.5
    assert mixed[1::2, 0].min() >= 0.5
    assert len(set(mixed[:, 0].tolist())) > 100


def test_shuffle_permutes_within_the_row() -> None:
    x = rows()
    for probability in (0.3, 1.0):
        shuffled = augmentation("shuffle", probability=probability)(x, seeded())
        assert torch.equal(shuffled.sort(dim=1).values, x.sort(dim=1).values)


def test_views_are_partials_of_the_listed_functions() -> None:
    view = augmentation("zero_out", probability=0.2)
    assert isinstance(view, partial)
    assert view.func is AUGMENTATIONS["zero_out"]


def test_difference_keeps_what_columns_have_in_common_linearly() -> None:
    x = rows()
    x[:, 0] = x[:, 1] - 2 * x[:, 2]  # as log mean = log total - log count
    moved = augmentation("difference", low=1.0, high=1.0)(x, seeded())
    assert torch.allclose(moved[:, 0], moved[:, 1] - 2 * moved[:, 2], atol=1e-4)
    assert (moved - x)[:, 1:].std().item() == pytest.approx(2**0.5, abs=0.05)  # of the difference between two rows
