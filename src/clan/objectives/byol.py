"""BYOL: from each view a predictor tells the other view's embedding by a slowly following copy of the network."""

from __future__ import annotations

from copy import deepcopy
from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional as F

from clan.errors import ConfigError
from clan.objectives.base import Objective, Views
from clan.objectives.head import mlp_head


def byol_loss(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean squared distance of unit vectors, 2 - 2 cos; in [0, 4]. Both have shape `(n, dim)`."""
    return (2 - 2 * F.cosine_similarity(predicted, target.detach(), dim=1)).mean()


class BYOL(Objective):
    """`byol_loss` in both directions, against a target network that is a moving average of the trained one.

    Args:
        decay: Share of the old target that is kept at each step. In [0, 1).

    Raises:
        ConfigError: The decay is out of range.

    Source:
        Grill et al. 2020, eq. 1 and 2, https://arxiv.org/abs/2006.07733. Differs: a constant decay of 0.99, because
        runs here are hundreds of steps (0.996 rising to 1 there); the encoder's projection is the projector.
    """

    n_augmented: ClassVar[int] = 2

    def __init__(self, decay: float = 0.99) -> None:
        super().__init__()
        if not 0 <= decay < 1:
            raise ConfigError(f"decay must be in [0, 1), got {decay}")
        self.decay = decay
        self.predictor: nn.Module = nn.Identity()
        self.target: nn.Module = nn.Identity()

    def bind(self, network: nn.Module, *, n_features: int, dim: int, generator: torch.Generator) -> None:
        """Build the predictor, and copy the network."""
        self.predictor = mlp_head([dim, 2 * dim, dim], generator)
        self.target = deepcopy(network).requires_grad_(requires_grad=False)

    @torch.no_grad()
    def after_step(self, network: nn.Module) -> None:
        """Move the target towards the network."""
        for slow, fast in zip(self.target.parameters(), network.parameters(), strict=True):
            slow.lerp_(fast, 1 - self.decay)

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss."""
        with torch.no_grad():
            a, b = self.target(torch.cat([views.x, views.x_augmented])).chunk(2)
        return byol_loss(self.predictor(views.z), b) + byol_loss(self.predictor(views.z_augmented), a)
