"""DAGMM: an autoencoder whose codes and errors follow a mixture of Gaussians that is learned with it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from clan.errors import ConfigError
from clan.objectives.autoencoder import Autoencoder
from clan.objectives.base import Views
from clan.objectives.head import Linear
from clan.objectives.simclr import check_positive

JITTER = 1e-3
"""Added to the variances, so that a covariance can be inverted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mixture:
    """A mixture of Gaussians.

    Attributes:
        weights: Shape `(k,)`, sums to 1.
        means: Shape `(k, d)`.
        covariances: Shape `(k, d, d)`, with `JITTER` on the diagonal.
    """

    weights: torch.Tensor
    means: torch.Tensor
    covariances: torch.Tensor


def mixture_of(rows: torch.Tensor, share: torch.Tensor) -> Mixture:
    """Take weighted moments.

    Args:
        rows: Shape `(n, d)`.
        share: How much of each row each component has. Shape `(n, k)`, rows sum to 1.

    Source:
        Zong et al. 2018, eq. 5, https://openreview.net/forum?id=BJJLHbb0-.
    """
    size = share.sum(dim=0).clamp(min=1e-9)  # (k,)
    means = share.T @ rows / size[:, None]
    apart = rows[:, None] - means  # (n, k, d)
    covariances = torch.einsum("nk,nki,nkj->kij", share, apart, apart) / size[:, None, None]
    return Mixture(
        weights=size / size.sum(),
        means=means,
        covariances=covariances + JITTER * torch.eye(rows.shape[1], dtype=rows.dtype, device=rows.device),
    )


def energy(rows: torch.Tensor, mixture: Mixture) -> torch.Tensor:
    """Negative log density of rows `(n, d)`, shape `(n,)`.

    Source:
        Zong et al. 2018, eq. 6.
    """
    gaussians = torch.distributions.MultivariateNormal(
        mixture.means, covariance_matrix=mixture.covariances, validate_args=False
    )
    log_densities = gaussians.log_prob(rows[:, None])  # type: ignore[no-untyped-call]  # (n, k)
    return -torch.logsumexp(mixture.weights.log() + log_densities, dim=1)


class DAGMM(Autoencoder):
    """Squared error, plus the energy of code and errors under the batch's mixture, plus a fence against flat ones.

    Args:
        hidden: Width of the decoder's and the estimation network's hidden layer. At least 1.
        components: Gaussians. At least 1.
        energy_weight: The paper's lambda 1. In (0, inf).
        fence_weight: The paper's lambda 2. In (0, inf).

    Raises:
        ConfigError: A value is out of range.

    Source:
        Zong et al. 2018, eq. 2 to 7, https://openreview.net/forum?id=BJJLHbb0-. Differs: relu and residual blocks as
        everywhere here, no dropout in the estimation network; the squared error is summed over the columns.
    """

    def __init__(
        self, hidden: int = 256, components: int = 4, energy_weight: float = 0.1, fence_weight: float = 0.005
    ) -> None:
        super().__init__(hidden)
        if components < 1:
            raise ConfigError(f"components must be at least 1, got {components}")
        self.components = int(components)
        self.energy_weight = check_positive("energy_weight", energy_weight)
        self.fence_weight = check_positive("fence_weight", fence_weight)
        self.estimator: nn.Module = nn.Identity()

    def bind(self, network: nn.Module, *, n_features: int, dim: int, generator: torch.Generator) -> None:
        """Build the decoder and the estimation network."""
        super().bind(network, n_features=n_features, dim=dim, generator=generator)
        self.estimator = nn.Sequential(
            Linear(dim + 2, 10, generator), nn.Tanh(), Linear(10, self.components, generator), nn.Softmax(dim=1)
        )

    def described(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """Code, relative distance and cosine of rows to what they decode to; shape `(n, dim + 2)`."""
        decoded = self.decoder(z)
        relative = (x - decoded).norm(dim=1) / x.norm(dim=1).clamp(min=1e-6)
        cosine = F.cosine_similarity(x, decoded, dim=1)
        return torch.cat([z, relative[:, None], cosine[:, None]], dim=1)

    def mixture(self, rows: torch.Tensor) -> Mixture:
        """Mixture of described rows, each shared out by the estimation network."""
        return mixture_of(rows, self.estimator(rows))

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss."""
        rows = self.described(views.x, views.z)
        mixture = self.mixture(rows)
        fence = (1 / mixture.covariances.diagonal(dim1=1, dim2=2)).sum()
        lost = self.error(views.x, views.z).mean()
        return lost + self.energy_weight * energy(rows, mixture).mean() + self.fence_weight * fence
