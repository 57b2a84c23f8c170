"""The CLAN loss as published: benign flows attract each other, augmented flows are pushed to a margin."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from clan.errors import ConfigError
from clan.objectives.base import Objective, Views

MASK = 1e-6
"""Terms at or below this are left out of the means, as in the published loss."""


def clan_loss(benign: torch.Tensor, augmented: torch.Tensor, *, margin: float = 0.5, block: int = 1024) -> torch.Tensor:
    """Pull benign flows together and push augmented flows away, over all pairs of the batch.

    The pair matrix is worked through in blocks of rows that the backward pass computes again, so memory is
    O(block x n) while time stays O(n^2). `clan_linear_loss` is the O(n) form.

    Args:
        benign: Embeddings of benign flows. Shape `(n, dim)`, any scale.
        augmented: Embeddings of negative views. Shape `(m, dim)`, any scale.
        margin: Distance beyond which an augmented flow is left alone. In (0, 1].
        block: Rows of the pair matrix held at once.

    Returns:
        Scalar in [0, 0.5 + margin / 2]; lower is better. A mean over no pairs counts as 0.

    Source:
        Wilkie et al. 2025, https://arxiv.org/abs/2509.06550, with d(a, b) = (1 - cos(a, b)) / 2.

    Example:
        >>> clan_loss(torch.eye(2), -torch.eye(2)).item()
        0.25
    """
    benign = F.normalize(benign, dim=1)  # (n, dim)
    augmented = F.normalize(augmented, dim=1)  # (m, dim)
    pulled, pushed = [], []
    for rows in benign.split(block):  # type: ignore[no-untyped-call]  # (b, dim)
        pulled.append(checkpoint(_pull, rows, benign, use_reentrant=False))
        pushed.append(checkpoint(_push, rows, augmented, margin, use_reentrant=False))
    return 0.5 * _masked_mean(torch.stack(pulled)) + 0.5 * _masked_mean(torch.stack(pushed))


class ClanLoss(Objective):
    """`clan_loss` as a module.

    Args:
        margin: Distance beyond which an augmented flow is left alone. In (0, 1].

    Raises:
        ConfigError: The margin is out of range.
    """

    uses_margin: ClassVar[bool] = True

    def __init__(self, margin: float = 0.5) -> None:
        super().__init__()
        self.margin = check_margin(margin)

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss."""
        return clan_loss(views.z, views.z_augmented, margin=self.margin)

    def extra_repr(self) -> str:
        """Show the margin."""
        return f"margin={self.margin}"


def check_margin(margin: float) -> float:
    """Return the margin, or raise ConfigError when it is not in (0, 1]."""
    if not 0 < margin <= 1:
        raise ConfigError(f"margin must be in (0, 1], the range of the distance, got {margin}")
    return margin


def _pull(rows: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Sum and count of the benign distances above the mask, shape (2,)."""
    return _sum_and_count((1 - rows @ others.T) / 2)


def _push(rows: torch.Tensor, others: torch.Tensor, margin: float) -> torch.Tensor:
    """Sum and count of the margin violations above the mask, shape (2,)."""
    return _sum_and_count(F.relu(margin - (1 - rows @ others.T) / 2))


def _sum_and_count(terms: torch.Tensor) -> torch.Tensor:
    kept = terms > MASK
    return torch.stack([terms[kept].sum(), kept.sum().to(terms.dtype)])


def _masked_mean(parts: torch.Tensor) -> torch.Tensor:
    """Mean over all blocks; parts has shape (blocks, 2)."""
    total, count = parts.sum(dim=0)
    return total / count.clamp(min=1)
