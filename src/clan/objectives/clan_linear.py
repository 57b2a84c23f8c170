"""The CLAN loss in time linear in the batch: what the default preset trains with."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from clan.objectives.base import Views
from clan.objectives.clan import MASK, ClanLoss


def clan_linear_loss(
    benign: torch.Tensor, augmented: torch.Tensor, *, margin: float = 0.5, n_anchors: int = 64
) -> torch.Tensor:
    """Pull benign flows together and push augmented flows away, in O(n).

    The mean cosine over all benign pairs follows from the norm of the sum of the embeddings,
    `sum_{i != j} cos_ij = |sum_i u_i|^2 - n`, so the first term is exact but for the pairs that the published loss
    masks. The second is taken against the first `n_anchors` benign rows (batches are shuffled).

    Args:
        benign: Embeddings of benign flows. Shape `(n, dim)`, any scale.
        augmented: Embeddings of negative views. Shape `(m, dim)`, any scale.
        margin: Distance beyond which an augmented flow is left alone. In (0, 1].
        n_anchors: Benign rows that stand for all of them in the second term.

    Returns:
        Scalar in [0, 0.5 + margin / 2]; equals `clan_loss` when no pair is masked and `n_anchors >= n`.

    Source:
        Wilkie et al. 2025, https://arxiv.org/abs/2509.06550. Differs: no mask in the first term, anchors in the second.

    Example:
        >>> clan_linear_loss(torch.eye(2), -torch.eye(2)).item()
        0.25
    """
    benign = F.normalize(benign, dim=1)  # (n, dim)
    augmented = F.normalize(augmented, dim=1)  # (m, dim)
    n = len(benign)
    pair_cosines = benign.sum(dim=0).square().sum() - n  # over the n (n - 1) ordered pairs
    pull = (1 - pair_cosines / max(n * (n - 1), 1)) / 2 if n > 1 else benign.sum() * 0
    return 0.5 * pull + 0.5 * push_away(benign[:n_anchors], augmented, margin)


def push_away(benign: torch.Tensor, augmented: torch.Tensor, margin: float) -> torch.Tensor:
    """Give the second term: mean violation of the margin over the pairs that violate it; 0 where none does.

    Args:
        benign: Unit vectors. Shape `(n, dim)`.
        augmented: Unit vectors. Shape `(m, dim)`.
        margin: Distance beyond which an augmented flow is left alone. In (0, 1].
    """
    violations = F.relu(margin - (1 - benign @ augmented.T) / 2)  # (n, m)
    return violations.sum() / (violations > MASK).sum().clamp(min=1)


class ClanLinearLoss(ClanLoss):
    """`clan_linear_loss` as a module; takes the same margin."""

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss."""
        return clan_linear_loss(views.z, views.z_augmented, margin=self.margin)
