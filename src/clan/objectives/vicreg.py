"""VICReg: two views agree (invariance), columns vary (variance) and are uncorrelated (covariance)."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch.nn import functional as F

from clan.objectives.base import Objective, Views
from clan.objectives.simclr import check_positive

EPSILON = 1e-4
"""Added to the variance before the square root, as published."""


def variance_loss(z: torch.Tensor) -> torch.Tensor:
    """Mean over the columns of max(0, 1 - standard deviation); 0 for a single row. `z` has shape `(n, dim)`."""
    if len(z) < 2:
        return z.sum() * 0
    return F.relu(1 - torch.sqrt(z.var(dim=0) + EPSILON)).mean()


def covariance_loss(z: torch.Tensor) -> torch.Tensor:
    """Sum of the squared covariances of different columns, divided by dim. `z` has shape `(n, dim)`."""
    centred = z - z.mean(dim=0)
    covariance = centred.T @ centred / max(len(z) - 1, 1)  # (dim, dim)
    return (covariance.square().sum() - covariance.diagonal().square().sum()) / z.shape[1]


def vicreg_loss(
    a: torch.Tensor, b: torch.Tensor, *, invariance: float = 25.0, variance: float = 25.0, covariance: float = 1.0
) -> torch.Tensor:
    """Weigh the three terms together.

    Args:
        a: View one. Shape `(n, dim)`.
        b: View two; row i of `a` and `b` are the same flow.
        invariance: Weight of the mean squared difference of the views (over rows and columns).
        variance: Weight of `variance_loss`, averaged over the views.
        covariance: Weight of `covariance_loss`, summed over the views.

    Returns:
        Scalar, >= 0.

    Source:
        Bardes et al. 2022, eq. 1 to 6, https://arxiv.org/abs/2105.04906. As in the authors' code the invariance is a
        mean over the columns and the variance term is halved.
    """
    return (
        invariance * F.mse_loss(a, b)
        + variance * (variance_loss(a) + variance_loss(b)) / 2
        + covariance * (covariance_loss(a) + covariance_loss(b))
    )


class VICReg(Objective):
    """`vicreg_loss` of two augmented views, on the embedding itself; takes the same weights, each in (0, inf)."""

    n_augmented: ClassVar[int] = 2

    def __init__(self, invariance: float = 25.0, variance: float = 25.0, covariance: float = 1.0) -> None:
        super().__init__()
        self.invariance = check_positive("invariance", invariance)
        self.variance = check_positive("variance", variance)
        self.covariance = check_positive("covariance", covariance)

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss."""
        return vicreg_loss(
            views.z,
            views.z_augmented,
            invariance=self.invariance,
            variance=self.variance,
            covariance=self.covariance,
        )
