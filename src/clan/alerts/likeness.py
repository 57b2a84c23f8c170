"""When a flow is like one that somebody judged: the measure behind verdicts.

Two flows are alike when they have the same protocol and port of the responder, and their features differ by a factor of
two or less: the root mean square of the differences on a signed logarithmic scale is at most ln 2. A value that is
unavailable in one of them and known in the other makes them unlike.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALIKE = math.log(2.0)
"""Flows up to this far apart are alike."""
NEARBY = 1.5 * ALIKE
"""Judgements this near to each other must not contradict each other."""
_BLOCK = 4_000_000  # numbers that are compared at once


def signed_log(values: Floats) -> Floats:
    """Put features on a scale where ten times as much counts the same for small and for large ones; keeps NaN."""
    return np.sign(values) * np.log1p(np.abs(values))


def unlikeness(flows: Floats, judged: Floats) -> Floats:
    """Say how far flows are from judged ones.

    Args:
        flows: Features; NaN where they are unavailable. Shape `(n, d)`.
        judged: Shape `(m, d)`, the same features.

    Returns:
        Shape `(n, m)`, >= 0; infinite where a value is unavailable in one of the two only.

    Example:
        >>> unlikeness(np.array([[100.0, 0.0]]), np.array([[100.0, 0.0], [250.0, 0.0]])).round(3).tolist()
        [[0.0, 0.644]]
    """
    distances = np.empty((len(flows), len(judged)))
    known, unknown = _parts(judged)
    step = max(_BLOCK // max(judged.size, 1), 1)
    for start in range(0, len(flows), step):
        values, missing = _parts(flows[start : start + step])
        square = ((values[:, None, :] - known[None]) ** 2).mean(axis=2)
        unlike = (missing[:, None, :] != unknown[None]).any(axis=2)
        distances[start : start + step] = np.where(unlike, np.inf, np.sqrt(square))
    return distances


def _parts(values: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Scaled values with 0 for those that are unavailable, and where these are; infinite ones become very large."""
    missing = np.isnan(values)
    return np.nan_to_num(signed_log(np.where(missing, 0.0, values)), posinf=800.0, neginf=-800.0), missing
