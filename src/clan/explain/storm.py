"""A storm of alerts: which flows are searched, and which of these the others resemble.

Flows are alike when the same features are below or above their benign range. One flow of each of the commonest
patterns is searched; every other flow tries what was found on the two likest of them. Cost: O(n x n_features) to find
patterns, O(n x most x n_features) multiplications to compare, in blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.intp]

N_LIKE: Final = 2
"""Searched flows whose reasons a flow tries."""

_BLOCK: Final = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Storm:
    """How n flows share the searches.

    Attributes:
        searched: Rows that are searched, ascending.
        shared: The other rows, ascending.
        like: For each of `shared` the likest of `searched`, as positions there, the likest first. Shape
            `(len(shared), n_like)`.
    """

    searched: Ints
    shared: Ints
    like: Ints


def share(pattern: NDArray[np.int8], most: int) -> Storm:
    """Choose what is searched.

    Args:
        pattern: -1, 0 or 1 for each feature of each flow. Shape `(n, n_features)`.
        most: Flows to search, >= 1.

    Example:
        >>> storm = share(np.array([[1, 0], [1, 0], [0, 1], [1, 0]], dtype=np.int8), 1)
        >>> storm.searched.tolist(), storm.like.tolist()
        ([0], [[0], [0], [0]])
    """
    n = len(pattern)
    kinds, first, kind, size = np.unique(pattern, axis=0, return_index=True, return_inverse=True, return_counts=True)
    kind = kind.reshape(-1)
    commonest = np.argsort(-size, kind="stable")[:most]
    chosen = set(first[commonest].tolist())
    # what is left goes to the largest kinds, spread over their flows
    left = min(most, n) - len(chosen)
    if left > 0:
        turn = np.empty(n, dtype=np.intp)
        order = np.argsort(kind, kind="stable")
        turn[order] = np.arange(n) - np.repeat(np.cumsum(size) - size, size)
        again = [int(row) for row in np.argsort(turn, kind="stable") if int(row) not in chosen]
        chosen.update(again[:left])
    searched = np.array(sorted(chosen), dtype=np.intp)
    shared = np.setdiff1d(np.arange(n), searched)
    return Storm(searched=searched, shared=shared, like=_likest(kinds, kind, searched)[kind[shared]])


def _likest(kinds: NDArray[np.int8], kind: Ints, searched: Ints) -> Ints:
    """Find the searched flows with the fewest differing features, for each kind. Shape `(n_kinds, n_like)`."""
    there = kinds[kind[searched]].astype(np.float32)
    n_like = min(N_LIKE, len(searched))
    likest = np.empty((len(kinds), n_like), dtype=np.intp)
    own = np.einsum("ij,ij->i", there, there)
    for start in range(0, len(kinds), _BLOCK):
        here = kinds[start : start + _BLOCK].astype(np.float32)
        apart = own - 2 * (here @ there.T)
        likest[start : start + _BLOCK] = np.argsort(apart, axis=1, kind="stable")[:, :n_like]
    return likest
