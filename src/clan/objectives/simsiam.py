"""SimSiam: from each view a predictor tells the other view's embedding, which holds still meanwhile."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional as F

from clan.objectives.base import Objective, Views
from clan.objectives.head import BatchNorm, mlp_head


def negative_cosine(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Minus the mean cosine of rows; no gradient flows into the target. Both have shape `(n, dim)`.

    Example:
        >>> negative_cosine(torch.eye(2), 3 * torch.eye(2)).item()
        -1.0
    """
    return -F.cosine_similarity(predicted, target.detach(), dim=1).mean()


class SimSiam(Objective):
    """Half the negative cosine of prediction and target, in both directions; in [-1, 1].

    The embedding is batch-normalised before it is predicted, as the paper's projector ends.

    Source:
        Chen and He 2021, eq. 1 to 4, https://arxiv.org/abs/2011.10566. Predictor: bottleneck of a quarter of the width,
        with batch normalisation. Differs: the encoder's projection is the projector.
    """

    n_augmented: ClassVar[int] = 2

    def __init__(self) -> None:
        super().__init__()
        self.norm: nn.Module = BatchNorm()
        self.predictor: nn.Module = nn.Identity()

    def bind(self, network: nn.Module, *, n_features: int, dim: int, generator: torch.Generator) -> None:
        """Build the predictor."""
        self.predictor = mlp_head([dim, max(dim // 4, 1), dim], generator)

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss."""
        a, b = self.norm(views.z), self.norm(views.z_augmented)
        return 0.5 * negative_cosine(self.predictor(a), b) + 0.5 * negative_cosine(self.predictor(b), a)
