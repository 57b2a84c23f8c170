"""Barlow Twins: the columns of two views' embeddings agree, and different columns say different things."""

from __future__ import annotations

from typing import ClassVar

import torch

from clan.objectives.base import Objective, Views
from clan.objectives.head import BatchNorm
from clan.objectives.simclr import check_positive


def barlow_twins_loss(a: torch.Tensor, b: torch.Tensor, *, redundancy: float = 0.0051) -> torch.Tensor:
    """Bring the cross-correlation matrix of two views near to the identity.

    Args:
        a: View one. Shape `(n, dim)`.
        b: View two; row i of `a` and `b` are the same flow.
        redundancy: Weight of the terms off the diagonal (the paper's lambda). In (0, inf).

    Returns:
        Sum of (1 - C_ii)^2 plus `redundancy` times the sum of C_ij^2, i != j; >= 0.

    Source:
        Zbontar et al. 2021, eq. 1 and 2, https://arxiv.org/abs/2103.03230.
    """
    norm = BatchNorm()
    correlation = norm(a).T @ norm(b) / len(a)  # (dim, dim)
    diagonal = correlation.diagonal()
    off = correlation.square().sum() - diagonal.square().sum()
    return (1 - diagonal).square().sum() + redundancy * off


class BarlowTwins(Objective):
    """`barlow_twins_loss` of two augmented views, on the embedding itself.

    Args:
        redundancy: Weight of the terms off the diagonal. In (0, inf).

    Raises:
        ConfigError: The weight is not above 0.
    """

    n_augmented: ClassVar[int] = 2

    def __init__(self, redundancy: float = 0.0051) -> None:
        super().__init__()
        self.redundancy = check_positive("redundancy", redundancy)

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss."""
        return barlow_twins_loss(views.z, views.z_augmented, redundancy=self.redundancy)
