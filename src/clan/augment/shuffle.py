"""Shuffling: some of a row's values change places among each other."""

from __future__ import annotations

import torch


def shuffle_features(x: torch.Tensor, generator: torch.Generator, *, probability: float = 0.1) -> torch.Tensor:
    """Choose values of each row with some probability, and permute the chosen ones within the row.

    A value may stay in its place; a row keeps its multiset of values.

    Args:
        x: Standardised features. Shape `(n_flows, n_features)`.
        generator: Source of randomness, on the device of `x`.
        probability: Chance that a value takes part. In [0, 1].

    Returns:
        A new tensor of the shape and type of `x`.
    """
    chosen = torch.rand(x.shape, generator=generator, device=x.device) < probability
    keys = torch.rand(x.shape, generator=generator, device=x.device)
    place = torch.arange(x.shape[1], device=x.device).expand(x.shape)
    # chosen columns first: once in random order (where values come from), once in place order (where they go)
    source = torch.where(chosen, keys, place + 2.0).argsort(dim=1)
    goal = torch.where(chosen, place - x.shape[1], place).argsort(dim=1)
    return x.scatter(1, goal, x.gather(1, source))
