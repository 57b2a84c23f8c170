"""Columns that go together in benign traffic, such as all statistics of packet lengths.

A flow whose mean is normal and whose maximum is not would be a flow that nobody sends: such columns are replaced
together, and one of them is shown.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

CORRELATION: Final = 0.8
"""Mean absolute rank correlation from which on columns are one family (average linkage)."""


def families(values: NDArray[np.float64], *, correlation: float = CORRELATION) -> NDArray[np.intp]:
    """Number the family of each column, from 0 in the order of the columns.

    Args:
        values: Benign rows. Shape `(n, n_features)`; the unknown ranks below all that is known.
        correlation: Of the columns of one family, in (0, 1].

    Returns:
        Shape `(n_features,)`. A column that is the same in all rows is alone.

    Example:
        >>> x = np.arange(10.0)
        >>> families(np.column_stack([x, -x, x % 3])).tolist()
        [0, 0, 1]
    """
    n_features = values.shape[1]
    if len(values) < 2 or n_features < 2:
        return np.arange(n_features)
    ranks = rankdata(np.nan_to_num(values, nan=-np.inf, neginf=-np.inf), axis=0)
    varies = np.flatnonzero(np.ptp(ranks, axis=0) > 0)
    label = -1 - np.arange(n_features)  # a constant is alone
    if len(varies) > 1:
        likeness = np.abs(np.corrcoef(ranks[:, varies], rowvar=False))
        apart = np.clip(1.0 - likeness, 0.0, None)
        np.fill_diagonal(apart, 0.0)
        label[varies] = fcluster(linkage(squareform(apart, checks=False), "average"), 1.0 - correlation, "distance")
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first, kind="stable"), kind="stable")[inverse]
