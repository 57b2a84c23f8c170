"""Which training rows to learn nothing from, where attacks may be among them.

An attack among the training rows teaches the detector that its whole class is normal: half a percent of them costs
more than any other choice gains. Attacks come in groups, and rows of one group vouch for each other: their nearest
neighbours, and a model that saw the others, find them normal. So each row is measured by the distance to a neighbour
far down the list, beyond any group that makes up less than `CROWD` of the rows. What lies far out by that measure is
set aside, benign or not: `docs/method.md` has what that costs and gains.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clan.encoder import fit_scaler

CROWD = 0.03
"""Share of the rows among which the measured neighbour is the farthest: more rows alike than these are normal."""

MAX_REFERENCES = 2048
"""Rows that neighbours are looked for among: enough for a share, and the time stays linear in the rows."""

BLOCK = 1024

SCALER = "signed_log"
"""Whatever the recipe has: on this axis what is far out stays far out, and there all of this was chosen."""

Mask = NDArray[np.bool_]


def outlying_rows(values: NDArray[np.float64], share: float, *, seed: int) -> Mask:
    """Find the rows that are least like the others.

    Cost: O(rows x `MAX_REFERENCES` x features).

    Args:
        values: Raw features. Shape `(n, n_features)`, finite or NaN = unknown.
        share: Of the rows, in [0, 0.5); 0 finds none.
        seed: Of the references.

    Returns:
        Shape `(n,)`, true for `floor(share * n)` rows; fewer where more are equally far out, none of which are found.
    """
    wanted = int(share * len(values))
    if not wanted:
        return np.zeros(len(values), dtype=np.bool_)
    distance = crowd_distance(fit_scaler(SCALER, values).transform(values), seed=seed)
    return distance > np.partition(distance, -wanted - 1)[-wanted - 1]


def crowd_distance(x: NDArray[np.float32], *, seed: int) -> NDArray[np.float32]:
    """Squared distance to the neighbour at `CROWD` of the rows.

    Args:
        x: Scaled features. Shape `(n, n_features)`.
        seed: Of the references.

    Returns:
        Shape `(n,)`, >= 0.
    """
    chosen = np.random.default_rng(seed).permutation(len(x))[:MAX_REFERENCES]
    references = x[chosen]
    rank = min(max(1, int(CROWD * len(references))), len(references) - 1)  # a row among the references is its own first
    own = np.einsum("ij,ij->i", references, references)
    distance = np.empty(len(x), dtype=np.float32)
    for start in range(0, len(x), BLOCK):
        rows = x[start : start + BLOCK]
        squared = own - 2 * (rows @ references.T) + np.einsum("ij,ij->i", rows, rows)[:, None]  # (block, references)
        distance[start : start + BLOCK] = np.partition(squared, rank, axis=1)[:, rank]
    return np.maximum(distance, 0)
