"""Heads normalise by the batch, and draw their weights from the generator alone."""

from __future__ import annotations

import torch

from clan.objectives.head import BatchNorm, mlp_head


def test_batch_normalisation_equals_torchs_in_training() -> None:
    x = torch.randn(20, 4, generator=torch.Generator().manual_seed(0)) * 3 + 1
    torch.testing.assert_close(BatchNorm()(x), torch.nn.BatchNorm1d(4, affine=False)(x))
    assert BatchNorm()(x[:1]).abs().sum() == 0


def test_heads_leave_the_global_generator_alone_and_end_linear() -> None:
    before = torch.get_rng_state()
    head = mlp_head([4, 8, 3], torch.Generator().manual_seed(0))
    assert torch.equal(before, torch.get_rng_state())
    assert [type(layer).__name__ for layer in head] == ["Linear", "BatchNorm", "ReLU", "Linear"]
    assert head(torch.zeros(5, 4)).shape == (5, 3)
