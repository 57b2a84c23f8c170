"""Marginal resampling: some values are replaced by what the same feature is in other flows."""

from __future__ import annotations

import torch


def marginal_resample(x: torch.Tensor, generator: torch.Generator, *, probability: float = 0.1) -> torch.Tensor:
    """Replace each value with some probability by that of the same column in a random row of the batch.

    Each column keeps its distribution, while what columns have to do with each other is broken.

    Args:
        x: Features. Shape `(n_flows, n_features)`.
        generator: Source of randomness, on the device of `x`.
        probability: Chance that a value is replaced. In [0, 1].

    Returns:
        A new tensor of the shape and type of `x`.

    Source:
        Bahri et al. 2022 (SCARF), https://arxiv.org/abs/2106.15147. Differs: each value is replaced with that
        probability, rather than a fixed number of values; draws come from the batch.
    """
    replaced = torch.rand(x.shape, generator=generator, device=x.device) < probability
    rows = torch.randint(max(len(x), 1), x.shape, generator=generator, device=x.device)
    return torch.where(replaced, x.gather(0, rows), x)
