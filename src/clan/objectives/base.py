"""What an objective is: a loss of one batch, with the little that some of them need around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn


@dataclass(frozen=True, kw_only=True, slots=True)
class Views:
    """What an objective sees of one batch.

    Attributes:
        x: First view of each row. Shape `(n, n_features)`: the row itself, or augmented too where an objective asks for
            two augmented views.
        x_augmented: Augmented view; row i is made of the same flow as row i of `x`. Shape `(n, n_features)`, or
            `(0, n_features)` where an objective asks for none.
        z: Embeddings of `x`, any length. Shape `(n, dim)`.
        z_augmented: Embeddings of `x_augmented`. Shape `(n, dim)` or `(0, dim)`.
        y: Class of each row, 0 = benign. Shape `(n,)`, int64. None without labels.
    """

    x: torch.Tensor
    x_augmented: torch.Tensor
    z: torch.Tensor
    z_augmented: torch.Tensor
    y: torch.Tensor | None = None


class Objective(nn.Module):
    """A loss that the training loop minimises; called with `Views`, gives a scalar, lower is better.

    It may own modules (projector, predictor), which the same optimizer trains and which are thrown away with it. The
    hooks do nothing here; a subclass overrides what it needs.
    """

    n_augmented: ClassVar[int] = 1
    """Augmented views of each row: 0 (only the row itself), 1 (the row and its augmented view), 2 (both augmented)."""

    anchor_share: ClassVar[float] = 1.0
    """With two augmented views: the first one's augmentation probability, as a share of the second one's."""

    needs_labels: ClassVar[bool] = False
    """Whether it cannot be trained without `y`."""

    balanced: ClassVar[bool] = False
    """Whether batches hold every class equally often, however many rows it has; needs labels."""

    uses_margin: ClassVar[bool] = False
    """Whether its constructor takes the settings' `margin`."""

    dropout: ClassVar[float] = 0.0
    """Share of a block's outputs that the network drops during training."""

    bias: ClassVar[bool] = True
    """Whether the network has bias terms."""

    def bind(self, network: nn.Module, *, n_features: int, dim: int, generator: torch.Generator) -> None:
        """Build what depends on the network, before training.

        Args:
            network: The encoder, with its initial weights; maps `(n, n_features)` to `(n, dim)`.
            n_features: Input columns.
            dim: Dimensions of the embedding.
            generator: Draws initial weights, on the CPU.
        """

    def prepare(self, network: nn.Module, rows: torch.Tensor) -> None:
        """Look at all training rows, shape `(n, n_features)`, before the first step."""

    def after_step(self, network: nn.Module) -> None:
        """Follow the network after a step of the optimizer."""

    def finish(self, network: nn.Module) -> None:
        """Leave the trained network as its score expects it."""
