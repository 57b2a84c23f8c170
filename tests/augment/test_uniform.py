"""Uniform resampling replaces the stated share of values and leaves its input alone."""

from __future__ import annotations

import pytest
import torch

from clan.augment import AUGMENTATIONS, augmentation, uniform_resample
from clan.errors import UnknownNameError


@pytest.mark.parametrize("probability", [0.0, 0.1, 1.0])
def test_replaces_the_stated_share_of_values(probability: float) -> None:
    x = torch.full((500, 40), 9.0)
    changed = uniform_resample(x, torch.Generator().manual_seed(1), probability=probability)
    assert (changed != 9).float().mean().item() == pytest.approx(probability, abs=0.01)


def test_draws_stay_within_the_bound_and_have_unit_variance() -> None:
    draws = uniform_resample(torch.zeros(1000, 20), torch.Generator().manual_seed(1), probability=1.0)
    assert draws.abs().max().item() == pytest.approx(1.7, abs=0.01)
    assert draws.var().item() == pytest.approx(1.7**2 / 3, abs=0.02)


def test_leaves_its_input_alone() -> None:
    x = torch.zeros(50, 50)
    uniform_resample(x, torch.Generator().manual_seed(0))
    assert torch.equal(x, torch.zeros(50, 50))


def test_same_generator_state_gives_the_same_views() -> None:
    x = torch.randn(20, 5, generator=torch.Generator().manual_seed(3))
    first, second = (uniform_resample(x, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(first, second)


def test_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'uniform'"):
        augmentation("unifrom")
    assert augmentation("uniform") is AUGMENTATIONS["uniform"]
