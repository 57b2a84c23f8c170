"""Masking: some values become 0, the benign mean of standardised features."""

from __future__ import annotations

import torch


def zero_out(x: torch.Tensor, generator: torch.Generator, *, probability: float = 0.1) -> torch.Tensor:
    """Set each value to 0 with some probability.

    Args:
        x: Standardised features. Shape `(n_flows, n_features)`.
        generator: Source of randomness, on the device of `x`.
        probability: Chance that a value is set to 0. In [0, 1].

    Returns:
        A new tensor of the shape and type of `x`.
    """
    masked = torch.rand(x.shape, generator=generator, device=x.device) < probability
    return x.masked_fill(masked, 0.0)
