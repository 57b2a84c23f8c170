"""Difference: a row is moved by what two other rows differ in."""

from __future__ import annotations

import torch


def difference(x: torch.Tensor, generator: torch.Generator, *, low: float = 0.2, high: float = 1.2) -> torch.Tensor:
    """Add to each row a multiple of the difference between two random rows of the batch.

    What all rows have in common linearly, such as a mean that is the total less the count on logarithmic axes, the
    result has too: it is a flow as consistent as its originals, in a place where no flow is.

    Args:
        x: Features. Shape `(n_flows, n_features)`.
        generator: Source of randomness, on the device of `x`.
        low: Smallest multiple, each row drawing its own evenly between both.
        high: Largest multiple.

    Returns:
        A new tensor of the shape and type of `x`.

    Example:
        >>> x = torch.tensor([[1.0, -1.0], [4.0, -4.0]])  # the columns add up to 0
        >>> difference(x, torch.Generator().manual_seed(0)).sum(dim=1).abs().max().item() < 1e-6
        True
    """
    n = len(x)
    first, second = torch.randint(max(n, 1), (2, n), generator=generator, device=x.device)
    multiple = torch.empty(n, 1, dtype=x.dtype, device=x.device).uniform_(low, high, generator=generator)
    return x + multiple * (x[first] - x[second])
