"""Gaussian noise on some of the values."""

from __future__ import annotations

import torch


def gaussian_noise(
    x: torch.Tensor, generator: torch.Generator, *, probability: float = 0.1, std: float = 1.0
) -> torch.Tensor:
    """Add a normal draw to each value with some probability.

    Args:
        x: Standardised features. Shape `(n_flows, n_features)`.
        generator: Source of randomness, on the device of `x`.
        probability: Chance that a value is changed. In [0, 1].
        std: Standard deviation of the noise, in those of the features. In [0, inf).

    Returns:
        A new tensor of the shape and type of `x`.

    Example:
        >>> changed = gaussian_noise(torch.zeros(1000, 9), torch.Generator().manual_seed(0), probability=1.0, std=0.5)
        >>> round(changed.std().item(), 1)
        0.5
    """
    changed = torch.rand(x.shape, generator=generator, device=x.device) < probability
    noise = torch.empty_like(x).normal_(0.0, 1.0, generator=generator)
    return torch.where(changed, x + std * noise, x)
