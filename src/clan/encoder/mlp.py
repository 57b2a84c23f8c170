"""The encoder's forward pass in NumPy: what scoring uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

BLOCK = 65_536
"""Rows that go through the network at once; between blocks, those of a whole training table would be gigabytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One residual block: relu(W x + b) plus x, or plus a linear map of x where the width changes.

    Attributes:
        weight: Shape `(d_in, d_out)`: transposed against torch, so that rows are contiguous in `x @ weight`.
        bias: Shape `(d_out,)`.
        skip: Shape `(d_in, d_out)`, or None for the identity.
    """

    weight: Array
    bias: Array
    skip: Array | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoder:
    """A trained network: residual blocks and one linear projection, no normalisation, no dropout.

    Attributes:
        blocks: The residual blocks, first to last.
        weight: Projection. Shape `(width, dim)`.
        bias: Shape `(dim,)`.
    """

    blocks: tuple[Block, ...]
    weight: Array
    bias: Array

    @property
    def dim(self) -> int:
        """Dimensions of the embedding."""
        return int(self.weight.shape[1])

    @property
    def n_features(self) -> int:
        """Input columns."""
        return int((self.blocks[0].weight if self.blocks else self.weight).shape[0])

    def embed(self, x: Array) -> Array:
        """Map scaled features to directions.

        Args:
            x: Shape `(n, n_features)`, float32.

        Returns:
            Unit vectors. Shape `(n, dim)`. Within 1e-5 of the torch network's.
        """
        z = np.empty((len(x), self.dim), dtype=np.float32)
        for start in range(0, len(x), BLOCK):
            z[start : start + BLOCK] = self.project(x[start : start + BLOCK])
        norm = np.sqrt(np.einsum("ij,ij->i", z, z))
        z /= np.maximum(norm, 1e-12)[:, None]
        return z

    def project(self, x: Array) -> Array:
        """Map scaled features `(n, n_features)` to embeddings `(n, dim)` of any length: `embed` without the scaling."""
        for block in self.blocks:
            out = x @ block.weight  # (n, d_out)
            out += block.bias
            np.maximum(out, 0, out=out)
            out += x if block.skip is None else x @ block.skip  # the residual
            x = out
        return x @ self.weight + self.bias

    def tensors(self) -> dict[str, Array]:
        """Name every array, as the model file stores them."""
        named = {"projection.weight": self.weight, "projection.bias": self.bias}
        for i, block in enumerate(self.blocks):
            named[f"block.{i}.weight"], named[f"block.{i}.bias"] = block.weight, block.bias
            if block.skip is not None:
                named[f"block.{i}.skip"] = block.skip
        return named

    @classmethod
    def from_tensors(cls, named: dict[str, Array]) -> Encoder:
        """Build an encoder from what `tensors` gave.

        Raises:
            KeyError: An array is missing.
            ValueError: Shapes that do not fit together.
        """
        blocks: list[Block] = []
        while f"block.{len(blocks)}.weight" in named:
            name = f"block.{len(blocks)}"
            blocks.append(
                Block(weight=named[f"{name}.weight"], bias=named[f"{name}.bias"], skip=named.get(f"{name}.skip"))
            )
        encoder = cls(blocks=tuple(blocks), weight=named["projection.weight"], bias=named["projection.bias"])
        encoder.check()
        if len(encoder.tensors()) != len(named):
            raise ValueError(f"unknown encoder arrays: {sorted(set(named) - set(encoder.tensors()))}")
        return encoder

    def check(self) -> None:
        """Raise ValueError unless every layer takes what the one before gives."""
        width = self.blocks[0].weight.shape[0] if self.blocks else self.weight.shape[0]
        for i, block in enumerate(self.blocks):
            shapes_fit = (
                block.weight.ndim == 2
                and block.weight.shape[0] == width
                and block.bias.shape == (block.weight.shape[1],)
                and (
                    block.skip.shape == block.weight.shape if block.skip is not None else block.weight.shape[1] == width
                )
            )
            if not shapes_fit:
                raise ValueError(
                    f"block {i} has weight {block.weight.shape} and bias {block.bias.shape} after width {width}"
                )
            width = block.weight.shape[1]
        if self.weight.ndim != 2 or self.weight.shape[0] != width or self.bias.shape != (self.weight.shape[1],):
            raise ValueError(f"projection {self.weight.shape} does not fit width {width}")
