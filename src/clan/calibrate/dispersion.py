"""How unevenly a thing happens over time: bursts make counts stray further than independent flows would."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCKS = 20
"""Stretches that the calibration is cut into; fewer where alerts are rare."""

LEAST_EXPECTED = 5.0
"""Alerts expected in a stretch, so that its count says something."""


def dispersion(happens: NDArray[np.bool_], order: NDArray[np.intp]) -> float:
    """Measure how many times as variable as independent flows the counts of consecutive stretches are.

    Args:
        happens: For each flow, whether it did. Shape `(n,)`.
        order: Row numbers in order of time. Shape `(n,)`.

    Returns:
        Pearson's chi-squared over its degrees of freedom, at least 1; 1 where too little happens to tell.

    Source:
        McCullagh and Nelder 1989, section 4.5: the dispersion of grouped counts.

    Example:
        >>> burst = np.arange(4000) < 200
        >>> round(dispersion(burst, np.arange(4000)), 1), dispersion(np.arange(4000) % 20 == 0, np.arange(4000))
        (210.5, 1.0)
    """
    total = int(happens.sum())
    n_blocks = min(BLOCKS, int(total / LEAST_EXPECTED))
    if n_blocks < 3 or total == len(happens):
        return 1.0
    edges = np.linspace(0, len(order), n_blocks + 1).astype(np.int64)
    counts = np.add.reduceat(happens[order].astype(np.int64), edges[:-1])
    sizes, rate = np.diff(edges), total / len(happens)
    chi_squared = float(((counts - sizes * rate) ** 2 / (sizes * rate * (1 - rate))).sum())
    return max(1.0, chi_squared / (n_blocks - 1))
