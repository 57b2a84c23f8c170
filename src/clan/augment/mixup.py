"""Mixup: each row moves some of the way towards another row of the batch."""

from __future__ import annotations

import torch


def mixup(x: torch.Tensor, generator: torch.Generator, *, mix: float = 0.5) -> torch.Tensor:
    """Mix each row with a random row of the batch, all columns by the same share.

    Args:
        x: Standardised features. Shape `(n_flows, n_features)`.
        generator: Source of randomness, on the device of `x`.
        mix: The other row's share is drawn from U(0, mix). In [0, 1].

    Returns:
        A new tensor of the shape and type of `x`.

    Source:
        Zhang et al. 2018, https://arxiv.org/abs/1710.09412. Differs: with the default the share is that of Beta(1, 1)
        folded at 1/2, so that the row itself always has the larger one.
    """
    partner = torch.randint(max(len(x), 1), (len(x),), generator=generator, device=x.device)
    share = mix * torch.rand((len(x), 1), generator=generator, device=x.device)
    return torch.lerp(x, x[partner], share.to(x.dtype))
