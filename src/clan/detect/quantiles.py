"""The range of each feature in benign traffic, for explanations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clan.encoder.column_scalers import quantiles

_TAIL = [0.0, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02]

PROBABILITIES: NDArray[np.float64] = np.unique(
    np.concatenate([_TAIL, np.arange(0.05, 0.96, 0.05).round(2), 1 - np.array(_TAIL)])
)
"""Where the quantiles are taken: minimum and maximum, both tails densely, and every twentieth between."""


def benign_quantiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantiles of what is known of each column at `PROBABILITIES`, in its unit; shape `(n_quantiles, n_features)`."""
    return quantiles(values, PROBABILITIES)
