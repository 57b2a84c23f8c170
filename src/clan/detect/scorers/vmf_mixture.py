"""How unlikely an embedding is under a mixture of von Mises-Fisher distributions: several benign directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ive, logsumexp

from clan.detect.scorers.base import Array
from clan.detect.scorers.kmeans import k_means

Floats = NDArray[np.float64]

N_COMPONENTS = 32
N_ITERATIONS = 30
CONCENTRATION = (1.0, 1e4)
"""Range of the concentrations: below, a component says nothing; above, float32 cosines are too coarse."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VMFMixture:
    """Negative log-likelihood of the embedding under the mixture, above that of nearly all benign rows.

    Cost: O(components x dim) a row.

    Attributes:
        means: Mean directions times concentrations. Shape `(n_components, dim)`.
        offsets: Log weights plus log normalising constants. Shape `(n_components,)`.
        level: The 95 % quantile of the training rows' scores. Shape `(1,)`.

    Source:
        Banerjee et al. 2005, "Clustering on the Unit Hypersphere using von Mises-Fisher Distributions", JMLR 6: soft
        assignment, concentration by the approximation r (dim - r^2) / (1 - r^2).
    """

    means: Array
    offsets: Array
    level: Array
    needs_encoder: ClassVar[bool] = True
    adds_up: ClassVar[bool] = True

    @classmethod
    def fit(cls, x: Array, z: Array, *, seed: int) -> Self:
        """Fit the mixture by expectation maximisation from k-means centres."""
        rows = z.astype(np.float64)
        centers = k_means(z, N_COMPONENTS, seed=seed).astype(np.float64)
        directions = centers / np.maximum(np.linalg.norm(centers, axis=1, keepdims=True), 1e-12)
        concentration = np.full(len(centers), 50.0)
        log_weight = np.full(len(centers), -np.log(len(centers)))
        for _ in range(N_ITERATIONS):
            joint = concentration * (rows @ directions.T) + log_weight + log_constant(concentration, rows.shape[1])
            share = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))  # (n, n_components)
            size = share.sum(axis=0) + 1e-9
            total = share.T @ rows  # (n_components, dim)
            length = np.linalg.norm(total, axis=1)
            directions = total / np.maximum(length, 1e-12)[:, None]
            resultant = np.minimum(length / size, 1 - 1e-9)
            concentration = resultant * (rows.shape[1] - resultant**2) / (1 - resultant**2)
            concentration = np.clip(concentration, *CONCENTRATION)
            log_weight = np.log(size / size.sum())
        offsets = log_weight + log_constant(concentration, rows.shape[1])
        mixture = cls(
            means=(concentration[:, None] * directions).astype(np.float32),
            offsets=offsets.astype(np.float32),
            level=np.zeros(1, dtype=np.float32),
        )
        level = np.quantile(mixture.score(x, z).astype(np.float64), 0.95)
        return cls(means=mixture.means, offsets=mixture.offsets, level=np.array([level], dtype=np.float32))

    def score(self, x: Array, z: Array) -> Array:
        """Return the negative log-likelihood above the level, shape `(n,)`."""
        joint = z @ self.means.T + self.offsets  # (n, n_components)
        highest = joint.max(axis=1)
        return -(highest + np.log(np.exp(joint - highest[:, None]).sum(axis=1))) - self.level[0]

    def tensors(self) -> dict[str, Array]:
        """Name the arrays."""
        return {"means": self.means, "offsets": self.offsets, "level": self.level}

    @classmethod
    def from_tensors(cls, named: dict[str, Array], *, n_features: int, dim: int) -> Self:  # noqa: ARG003
        """Build from the stored arrays."""
        if set(named) != {"means", "offsets", "level"}:
            raise ValueError(f"expected means, offsets and level, found {sorted(named)}")
        means, offsets, level = named["means"], named["offsets"], named["level"]
        if means.ndim != 2 or means.shape[1] != dim or offsets.shape != means.shape[:1] or level.shape != (1,):
            raise ValueError(f"means {means.shape}, offsets {offsets.shape} and level {level.shape} do not fit {dim}")
        return cls(means=means, offsets=offsets, level=level)


def log_constant(concentration: Floats, dim: int) -> Floats:
    """Log of the normalising constant of a von Mises-Fisher density.

    Args:
        concentration: Shape `(n,)`, > 0.
        dim: Dimensions of the space that the sphere lies in. At least 2.

    Example:
        >>> log_constant(np.array([1.0]), 3).round(4).tolist()  # kappa / (4 pi sinh kappa)
        [-2.6925]
    """
    order = dim / 2 - 1
    bessel = np.log(np.maximum(ive(order, concentration), 1e-300)) + concentration
    return order * np.log(concentration) - dim / 2 * np.log(2 * np.pi) - bessel
