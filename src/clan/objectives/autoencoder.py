"""Autoencoders: a decoder gives back what the encoder was shown."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional as F

from clan.errors import ConfigError
from clan.objectives.base import Objective, Views
from clan.objectives.head import Linear


class Autoencoder(Objective):
    """Mean squared error of the decoded embedding.

    The decoder has one hidden layer. The embedding is the bottleneck, so `dim` should be well below the features.

    Args:
        hidden: Width of the decoder's hidden layer. At least 1.

    Raises:
        ConfigError: The width is out of range.
    """

    n_augmented: ClassVar[int] = 0

    def __init__(self, hidden: int = 256) -> None:
        super().__init__()
        if hidden < 1:
            raise ConfigError(f"hidden must be at least 1, got {hidden}")
        self.hidden = int(hidden)
        self.decoder: nn.Module = nn.Identity()

    def bind(self, network: nn.Module, *, n_features: int, dim: int, generator: torch.Generator) -> None:
        """Build the decoder."""
        self.decoder = nn.Sequential(
            Linear(dim, self.hidden, generator), nn.ReLU(), Linear(self.hidden, n_features, generator)
        )

    def error(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """Squared distance of rows `(n, n_features)` to what their embeddings `(n, dim)` decode to, shape `(n,)`."""
        return (self.decoder(z) - x).square().sum(dim=1)

    def forward(self, views: Views) -> torch.Tensor:
        """Return the mean squared error over rows and columns."""
        return F.mse_loss(self.decoder(views.z), views.x)


class DenoisingAutoencoder(Autoencoder):
    """Mean squared error of what is decoded from a spoiled row, against the row itself, with small embeddings.

    Args:
        hidden: Width of the decoder's hidden layer. At least 1.
        shrinkage: Weight of the mean squared length of the embeddings, per dimension. In [0, inf).

    Raises:
        ConfigError: A value is out of range.

    Source:
        Vincent et al. 2008, doi 10.1145/1390156.1390294 (denoising); shrinkage as in Cao et al. 2019,
        doi 10.1109/TCYB.2018.2838668 (Shrink AE).
    """

    n_augmented: ClassVar[int] = 1

    def __init__(self, hidden: int = 256, shrinkage: float = 0.01) -> None:
        super().__init__(hidden)
        if not 0 <= shrinkage < float("inf"):
            raise ConfigError(f"shrinkage must be at least 0, got {shrinkage}")
        self.shrinkage = shrinkage

    def forward(self, views: Views) -> torch.Tensor:
        """Return the error plus the weighted size of the embeddings."""
        return F.mse_loss(self.decoder(views.z_augmented), views.x) + self.shrinkage * views.z_augmented.square().mean()
