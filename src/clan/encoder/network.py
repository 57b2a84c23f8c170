"""The encoder as a torch module: what training uses. Import it only where torch is needed."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from clan.encoder.mlp import Block, Encoder
from clan.errors import ConfigError


class Dropout(nn.Module):
    """Set a share of the values to 0 while training and scale the others up, by a generator of its own.

    Args:
        share: In [0, 1).
        generator: Draws what is dropped, on the device of the values.
    """

    def __init__(self, share: float, generator: torch.Generator) -> None:
        super().__init__()
        self.share, self.generator = share, generator

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Drop values of `(n, d)` in training mode; leave them alone otherwise."""
        if not self.training:
            return x
        kept = torch.rand(x.shape, generator=self.generator, device=x.device) >= self.share
        return x * kept / (1 - self.share)


class ResidualBlock(nn.Module):
    """relu(W x + b) plus a residual, through a linear map where the width changes.

    Args:
        d_in: Input width.
        d_out: Output width.
        generator: Draws the initial weights; the global generator is left alone.
        dropout: What is dropped of the relu's outputs during training; None for nothing.
    """

    def __init__(self, d_in: int, d_out: int, generator: torch.Generator, dropout: Dropout | None = None) -> None:
        super().__init__()
        self.weight, self.bias = _linear(d_in, d_out, generator)
        self.skip = None if d_in == d_out else _linear(d_in, d_out, generator)[0]
        self.dropout = dropout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map `(n, d_in)` to `(n, d_out)`."""
        out = F.relu(F.linear(x, self.weight, self.bias))
        if self.dropout is not None:
            out = self.dropout(out)
        return out + (x if self.skip is None else F.linear(x, self.skip))


class Network(nn.Module):
    """Residual blocks of one width and a linear projection.

    Args:
        n_features: Input columns.
        width: Width of every block.
        n_blocks: Number of blocks.
        dim: Dimensions of the embedding.
        generator: Draws the initial weights (uniform in +-1/sqrt(fan in), torch's own habit for linear layers).
        dropout: What blocks drop during training; None for nothing.
        bias: Whether there are bias terms; without, they are 0 and stay so.
    """

    def __init__(
        self,
        n_features: int,
        *,
        width: int,
        n_blocks: int,
        dim: int,
        generator: torch.Generator,
        dropout: Dropout | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        widths = [n_features] + [width] * n_blocks
        self.blocks = nn.ModuleList(ResidualBlock(a, b, generator, dropout) for a, b in pairwise(widths))
        self.weight, self.bias = _linear(widths[-1], dim, generator)
        if not bias:
            for name, parameter in self.named_parameters():
                if name.endswith("bias"):
                    nn.init.zeros_(parameter).requires_grad = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map scaled features `(n, n_features)` to embeddings `(n, dim)` of any length."""
        for block in self.blocks:
            x = block(x)
        return F.linear(x, self.weight, self.bias)

    @torch.no_grad()
    def take(self, encoder: Encoder) -> None:
        """Start from the weights of an encoder.

        Raises:
            ConfigError: It has another shape.
        """
        named = dict(self.named_parameters())
        weights = {"weight": encoder.weight.T, "bias": encoder.bias}
        for number, block in enumerate(encoder.blocks):
            weights |= {f"blocks.{number}.weight": block.weight.T, f"blocks.{number}.bias": block.bias}
            if block.skip is not None:
                weights[f"blocks.{number}.skip"] = block.skip.T
        shapes = [{name: tuple(value.shape) for name, value in each.items()} for each in (weights, named)]
        if shapes[0] != shapes[1]:
            raise ConfigError("the encoder to start from has another shape than the network to train")
        for name, parameter in named.items():
            parameter.copy_(torch.from_numpy(np.array(weights[name])))

    def to_numpy(self) -> Encoder:
        """Copy the weights into the NumPy encoder."""
        blocks = tuple(
            Block(
                weight=_array(block.weight).T.copy(),
                bias=_array(block.bias),
                skip=None if block.skip is None else _array(block.skip).T.copy(),
            )
            for block in self.blocks
            if isinstance(block, ResidualBlock)
        )
        return Encoder(blocks=blocks, weight=_array(self.weight).T.copy(), bias=_array(self.bias))


def _linear(d_in: int, d_out: int, generator: torch.Generator) -> tuple[nn.Parameter, nn.Parameter]:
    """Weight (d_out, d_in) and bias (d_out,)."""
    bound = 1 / math.sqrt(d_in)
    weight = torch.empty(d_out, d_in).uniform_(-bound, bound, generator=generator)
    return nn.Parameter(weight), nn.Parameter(torch.empty(d_out).uniform_(-bound, bound, generator=generator))


def _array(parameter: torch.Tensor) -> NDArray[np.float32]:
    return np.array(parameter.detach().to("cpu", torch.float32).numpy())
