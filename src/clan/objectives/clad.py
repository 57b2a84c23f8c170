"""CLAD: benign flows attract each other, flows of other classes are pushed to a margin. Needs labels."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch.nn import functional as F

from clan.errors import ConfigError
from clan.objectives.base import Objective, Views
from clan.objectives.clan import MASK, check_margin


def clad_loss(
    z: torch.Tensor, y: torch.Tensor, *, target: int = 0, margin: float = 0.5, squared: bool = True
) -> torch.Tensor:
    """Pull the flows of one class together and push all others away from them.

    Cost: O(n^2 x dim) time and O(n^2) memory.

    Args:
        z: Embeddings. Shape `(n, dim)`, any scale.
        y: Class of each flow. Shape `(n,)`.
        target: The class that is benign here; pairs without a flow of it do not count.
        margin: Distance (1 - cos) / 2 beyond which another flow is left alone. In (0, 1].
        squared: Whether the terms are squared.

    Returns:
        Half the mean pull plus half the mean push, over the terms above 1e-6; a mean over no pairs counts as 0.

    Source:
        Wilkie et al. 2025, "A Novel Contrastive Loss for Zero-Day Network Intrusion Detection": the terms of CLAN with
        real labels.
    """
    z = F.normalize(z, dim=1)
    mine = z[y == target]  # (b, dim)
    pull = (1 - mine @ mine.T) / 2
    push = F.relu(margin - (1 - mine @ z[y != target].T) / 2)
    return 0.5 * _mean_above_mask(pull, squared=squared) + 0.5 * _mean_above_mask(push, squared=squared)


class CLAD(Objective):
    """`clad_loss` with class 0 as the benign one.

    Args:
        margin: Distance beyond which a malicious flow is left alone. In (0, 1].

    Raises:
        ConfigError: The margin is out of range.
    """

    n_augmented: ClassVar[int] = 0
    needs_labels: ClassVar[bool] = True
    uses_margin: ClassVar[bool] = True

    def __init__(self, margin: float = 0.5) -> None:
        super().__init__()
        self.margin = check_margin(margin)

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss."""
        return clad_loss(views.z, labels_of(views), margin=self.margin)


def labels_of(views: Views) -> torch.Tensor:
    """Return the labels, or raise ConfigError when there are none."""
    if views.y is None:
        raise ConfigError("this objective needs the class of each training row: pass y to train_encoder")
    return views.y


def _mean_above_mask(terms: torch.Tensor, *, squared: bool) -> torch.Tensor:
    kept = terms > MASK
    total = (terms.square() if squared else terms).masked_fill(~kept, 0).sum()
    return total / kept.sum().clamp(min=1)
