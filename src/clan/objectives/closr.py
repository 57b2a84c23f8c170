"""CLOSR: one embedding for each class, and in each the CLAD loss with that class as the benign one. Needs labels."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

from clan.errors import ConfigError
from clan.objectives.base import Objective, Views
from clan.objectives.clad import clad_loss, labels_of
from clan.objectives.clan import check_margin


def closr_loss(z: torch.Tensor, y: torch.Tensor, *, margin: float = 0.5, squared: bool = True) -> torch.Tensor:
    """Average `clad_loss` over the classes, each in its own space.

    Args:
        z: Embeddings. Shape `(n, n_classes, dim)`, any scale.
        y: Class of each flow, 0 to n_classes - 1. Shape `(n,)`.
        margin: Distance beyond which a flow of another class is left alone. In (0, 1].
        squared: Whether the terms are squared.

    Source:
        Wilkie et al. 2025, "A Novel Contrastive Loss for Zero-Day Network Intrusion Detection".
    """
    spaces = z.unbind(dim=1)
    losses = [clad_loss(space, y, target=i, margin=margin, squared=squared) for i, space in enumerate(spaces)]
    return torch.stack(losses).mean()


class CLOSR(Objective):
    """`closr_loss`; the embedding's dimensions are shared out evenly among the classes.

    Args:
        n_classes: Number of classes; the embedding's width must be a multiple of it.
        margin: Distance beyond which a flow of another class is left alone. In (0, 1].

    Raises:
        ConfigError: Fewer than 2 classes, a margin out of range, or (in `bind`) a width that cannot be shared.
    """

    n_augmented: ClassVar[int] = 0
    needs_labels: ClassVar[bool] = True
    uses_margin: ClassVar[bool] = True

    def __init__(self, n_classes: int = 2, margin: float = 0.5) -> None:
        super().__init__()
        if n_classes != int(n_classes) or n_classes < 2:
            raise ConfigError(f"n_classes must be a whole number of at least 2, got {n_classes}")
        self.n_classes, self.margin = int(n_classes), check_margin(margin)

    def bind(self, network: nn.Module, *, n_features: int, dim: int, generator: torch.Generator) -> None:
        """Check that the width can be shared."""
        if dim % self.n_classes:
            raise ConfigError(f"dim must be a multiple of the {self.n_classes} classes, got {dim}")

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss."""
        z = views.z.reshape(len(views.z), self.n_classes, -1)  # (n, n_classes, dim)
        return closr_loss(z, labels_of(views), margin=self.margin)
