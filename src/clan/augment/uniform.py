"""Uniform resampling: the negative view of CLAN."""

from __future__ import annotations

import torch


def uniform_resample(
    x: torch.Tensor, generator: torch.Generator, *, probability: float = 0.1, bound: float = 1.7
) -> torch.Tensor:
    """Replace each value with some probability by a draw from a uniform distribution.

    A row may stay as it is: with d features that happens with probability `(1 - probability) ** d`.

    Args:
        x: Standardised features. Shape `(n_flows, n_features)`, unit variance per column.
        generator: Source of randomness, on the device of `x`.
        probability: Chance that a value is replaced. In [0, 1].
        bound: Draws come from U(-bound, bound); 1.7 gives them (nearly) unit variance.

    Returns:
        A new tensor of the shape and type of `x`.

    Source:
        Wilkie et al. 2025, section III, https://arxiv.org/abs/2509.06550.

    Example:
        >>> x = torch.zeros(100, 50)
        >>> changed = uniform_resample(x, torch.Generator().manual_seed(0))
        >>> 0.08 < (changed != 0).float().mean().item() < 0.12
        True
    """
    replaced = torch.rand(x.shape, generator=generator, device=x.device) < probability
    draws = torch.empty_like(x).uniform_(-bound, bound, generator=generator)
    return torch.where(replaced, draws, x)
