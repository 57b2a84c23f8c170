"""The CLAN loss with near positives: a flow attracts the benign flows like it, augmented flows are pushed away."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from clan.errors import ConfigError
from clan.objectives.base import Views
from clan.objectives.clan import ClanLoss
from clan.objectives.clan_linear import push_away


def clan_near_loss(
    benign: torch.Tensor, augmented: torch.Tensor, x: torch.Tensor, *, n_near: int = 4, margin: float = 0.5
) -> torch.Tensor:
    """Pull each benign flow to those of the batch that are nearest to it, and push augmented flows away from all.

    Benign traffic is many clusters. Where all of it is pulled together, as published, the embedding loses how they
    differ, and with it what lies between them.

    Args:
        benign: Embeddings of benign flows. Shape `(n, dim)`, any scale.
        augmented: Embeddings of negative views. Shape `(m, dim)`, any scale.
        x: Scaled features of the benign flows, in which nearness is measured. Shape `(n, n_features)`.
        n_near: Positives of each flow; all others where the batch has no more.
        margin: Distance beyond which an augmented flow is left alone. In (0, 1].

    Returns:
        Scalar in [0, 0.5 + margin / 2]; lower is better. A mean over no pairs counts as 0.

    Source:
        The second term and d(a, b) = (1 - cos(a, b)) / 2 of Wilkie et al. 2025, https://arxiv.org/abs/2509.06550; the
        choice of positives is ours (docs/method.md).

    Example:
        >>> clan_near_loss(torch.eye(2), -torch.eye(2), torch.zeros(2, 3)).item()
        0.25
    """
    benign = F.normalize(benign, dim=1)  # (n, dim)
    augmented = F.normalize(augmented, dim=1)  # (m, dim)
    pull = benign.sum() * 0
    n_near = min(n_near, len(x) - 1)
    if n_near > 0:
        with torch.no_grad():
            apart = torch.cdist(x.float(), x.float()).fill_diagonal_(torch.inf)
            near = apart.topk(n_near, largest=False).indices  # (n, n_near)
        pull = ((1 - (benign[:, None] * benign[near]).sum(dim=2)) / 2).mean()
    return 0.5 * pull + 0.5 * push_away(benign, augmented, margin)


class ClanNearLoss(ClanLoss):
    """`clan_near_loss` as a module.

    Args:
        margin: Distance beyond which an augmented flow is left alone. In (0, 1].
        n_near: Positives of each flow, >= 1.

    Raises:
        ConfigError: A value is out of range.
    """

    def __init__(self, margin: float = 0.5, n_near: int = 4) -> None:
        super().__init__(margin)
        if n_near < 1:
            raise ConfigError(f"n_near must be at least 1, got {n_near}")
        self.n_near = int(n_near)

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss."""
        return clan_near_loss(views.z, views.z_augmented, views.x, n_near=self.n_near, margin=self.margin)

    def extra_repr(self) -> str:
        """Show margin and positives."""
        return f"{super().extra_repr()}, n_near={self.n_near}"
