"""Projectors and predictors: small networks on top of the embedding that only training needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F


class BatchNorm(nn.Module):
    """Standardise each column by the batch's own mean and (biased) variance; no running averages, any batch size.

    Heads are thrown away after training, so nothing ever needs the averages. A batch of one row gives zeros.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Standardise `(n, dim)`."""
        variance, mean = torch.var_mean(x, dim=0, correction=0)
        return (x - mean) / torch.sqrt(variance + 1e-5)


class Linear(nn.Module):
    """A linear map whose initial weights come from a generator.

    Args:
        d_in: Input width.
        d_out: Output width.
        generator: Draws weights and biases from U(-1, 1) / sqrt(d_in).
    """

    def __init__(self, d_in: int, d_out: int, generator: torch.Generator) -> None:
        super().__init__()
        bound = 1 / math.sqrt(d_in)
        self.weight = nn.Parameter(torch.empty(d_out, d_in).uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.empty(d_out).uniform_(-bound, bound, generator=generator))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map `(n, d_in)` to `(n, d_out)`."""
        return F.linear(x, self.weight, self.bias)


def mlp_head(widths: Sequence[int], generator: torch.Generator) -> nn.Sequential:
    """Linear maps with batch normalisation and relu between them, none after the last.

    Args:
        widths: Input, hidden and output widths; at least two.
        generator: Draws the initial weights.
    """
    layers: list[nn.Module] = []
    for d_in, d_out in pairwise(widths):
        layers += [Linear(d_in, d_out, generator), BatchNorm(), nn.ReLU()]
    return nn.Sequential(*layers[:-2])
