"""Deep SVDD: benign flows lie near one fixed point."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

from clan.objectives.base import Objective, Views

AWAY_FROM_ZERO = 0.1
"""The centre's coordinates are at least this far from 0, where a network with zero weights would reach them."""


def deep_svdd_loss(z: torch.Tensor, center: torch.Tensor) -> torch.Tensor:
    """Mean squared distance of the embeddings `(n, dim)` to the centre `(dim,)`.

    Source:
        Ruff et al. 2018, eq. 4 (one-class Deep SVDD), https://proceedings.mlr.press/v80/ruff18a.html; the
        weight decay is the optimizer's.

    Example:
        >>> deep_svdd_loss(torch.eye(2), torch.zeros(2)).item()
        1.0
    """
    return (z - center).square().sum(dim=1).mean()


class DeepSVDD(Objective):
    """`deep_svdd_loss` around the mean of the untrained network's embeddings.

    As the paper asks, the network has no biases while it is trained. At the end the centre is moved to the origin (as
    the projection's bias), so the score is the squared length of the embedding (`Encoder.project`).
    """

    n_augmented: ClassVar[int] = 0
    bias: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.center: torch.Tensor
        self.register_buffer("center", torch.zeros(0))

    @torch.no_grad()
    def prepare(self, network: nn.Module, rows: torch.Tensor) -> None:
        """Place the centre."""
        mean = network(rows).float().mean(dim=0)
        near = mean.abs() < AWAY_FROM_ZERO
        self.center = torch.where(near, torch.where(mean < 0, -AWAY_FROM_ZERO, AWAY_FROM_ZERO), mean)

    @torch.no_grad()
    def finish(self, network: nn.Module) -> None:
        """Move the centre to the origin."""
        bias = network.get_parameter("bias")
        bias.sub_(self.center.to(bias.device))

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss."""
        return deep_svdd_loss(views.z, self.center)
