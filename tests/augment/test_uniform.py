"""Uniform resampling draws within its bound, with unit variance."""

from __future__ import annotations

import pytest
import torch

from clan.augment import uniform_resample


def test_draws_stay_within_the_bound_and_have_unit_variance() -> None:
    draws = uniform_resample(torch.zeros(1000, 20), torch.Generator().manual_seed(1), probability=1.0)
    assert draws.abs().max().item() == pytest.approx(1.7, abs=0.01)
    assert draws.var().item() == pytest.approx(1.7**2 / 3, abs=0.02)
