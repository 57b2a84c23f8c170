"""CutMix: each row takes some of its values from one other row of the batch."""

from __future__ import annotations

import torch


def cutmix(x: torch.Tensor, generator: torch.Generator, *, probability: float = 0.1) -> torch.Tensor:
    """Replace each value with some probability by that of the row's partner, one random row of the batch.

    What is taken comes from one flow and fits together, unlike the values of `marginal_resample`.

    Args:
        x: Standardised features. Shape `(n_flows, n_features)`.
        generator: Source of randomness, on the device of `x`.
        probability: Chance that a value is replaced. In [0, 1].

    Returns:
        A new tensor of the shape and type of `x`.

    Source:
        Yun et al. 2019, https://arxiv.org/abs/1905.04899, for tables as Somepalli et al. 2021,
        https://arxiv.org/abs/2106.01342: a mask of single values, not a rectangle.
    """
    partner = torch.randint(max(len(x), 1), (len(x),), generator=generator, device=x.device)
    replaced = torch.rand(x.shape, generator=generator, device=x.device) < probability
    return torch.where(replaced, x[partner], x)
