"""Cross-entropy of a linear layer on the embedding: the published fine-tuning. Needs labels."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional as F

from clan.errors import ConfigError
from clan.objectives.base import Objective, Views
from clan.objectives.clad import labels_of
from clan.objectives.head import Linear


class CrossEntropy(Objective):
    """Name classes by a linear layer, which the loop trains together with the whole network.

    Batches hold each class about equally often, however many rows it has.

    Args:
        n_classes: How many there are; y is below it. At least 2.

    Attributes:
        layer: Embedding to logits, there after `bind`.

    Raises:
        ConfigError: Fewer than two classes.

    Source:
        Wilkie et al. 2025, arXiv 2509.06550, fine-tuning.
    """

    n_augmented: ClassVar[int] = 0
    needs_labels: ClassVar[bool] = True
    balanced: ClassVar[bool] = True

    def __init__(self, n_classes: float = 2) -> None:
        super().__init__()
        if n_classes < 2:
            raise ConfigError(f"naming needs two classes or more, got n_classes={n_classes}")
        self.n_classes = int(n_classes)

    def bind(self, network: nn.Module, *, n_features: int, dim: int, generator: torch.Generator) -> None:
        """Draw the linear layer."""
        self.layer = Linear(dim, self.n_classes, generator)

    def forward(self, views: Views) -> torch.Tensor:
        """Return the mean cross-entropy in nats."""
        return F.cross_entropy(self.layer(views.z), labels_of(views))
