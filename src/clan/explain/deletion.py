"""The features that carry a score: a small set whose replacement by benign values makes the flow normal.

The model is a black box that scores rows. For each flow and its nearest benign flows:

1. each family of columns is replaced alone; families are ranked by how far that brings the score down;
2. the shortest run of that ranking whose replacement normalises the flow is found by bisection;
3. families are put back one by one, the least telling first, and stay back where the flow stays normal.

What is left is irreducible: without any one of them the flow would alert. A replacement counts only where it
normalises with the values of *each* of the nearest benign flows, so that the set does not rest on what one of them
happens to be. A run of a ranking is not always the smallest set there is; the smallest would take a number of
evaluations that grows exponentially.

Source: the idea of a sufficient reason that is checked by deletion is that of "sufficient input subsets" (Carter,
Mueller, Jain, Gifford 2019, AISTATS), here with real benign flows as what stands for "not there".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_ROWS = 8192
"""Rows that are made and scored at once, so that memory does not grow with the number of flows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deletion:
    """What was found for n flows.

    Attributes:
        families: Whether a family is in the set. Shape `(n, n_families)`; no family where nothing normalises the flow.
        score_without: Score with the set replaced by the values of a nearest benign flow, the highest over these; the
            score of the flow where the set is empty. Shape `(n,)`.
        alone: Score with one family replaced by the values of the nearest benign flow. Shape `(n, n_families)`.
        evaluations: Rows that were scored, over all flows.
    """

    families: Bools
    score_without: Floats
    alone: Floats
    evaluations: int


@dataclass(kw_only=True, slots=True)
class _Search:
    """Flows, what replaces them, and the counted black box."""

    score: Callable[[Floats], Floats]
    flows: Floats  # (n, n_features)
    benign: Floats  # (n, n_nearest, n_features)
    members: Bools  # (n_families, n_features)
    known: Bools  # (n, n_features): what a flow does not know is never replaced
    evaluations: int = 0

    def replaced(self, rows: NDArray[np.intp], families: Bools, which: int) -> Floats:
        """Score flows with families `(len(rows), n_families)` replaced by those of one nearest benign flow."""
        scores = np.empty(len(rows))
        for start in range(0, len(rows), _ROWS):
            part = slice(start, start + _ROWS)
            columns = families[part].astype(np.float32) @ self.members.astype(np.float32) > 0
            columns &= self.known[rows[part]]
            scores[part] = self.score(np.where(columns, self.benign[rows[part], which], self.flows[rows[part]]))
        self.evaluations += len(rows)
        return scores

    def normal(self, rows: NDArray[np.intp], families: Bools, threshold: Floats) -> tuple[Bools, Floats]:
        """Whether replacing normalises with each nearest benign flow, and the highest score over these.

        The first that does not ends it, so that where it does not the highest score is that of those tried.
        """
        highest = np.full(len(rows), -np.inf)
        left = np.arange(len(rows))
        for which in range(self.benign.shape[1]):
            highest[left] = np.maximum(highest[left], self.replaced(rows[left], families[left], which))
            left = left[highest[left] < threshold[left]]
        return highest < threshold, highest


def most_evaluations(n_families: int, n_nearest: int) -> int:
    """Bound the rows that are scored for one flow."""
    bisections = int(np.ceil(np.log2(max(n_families, 1)))) + 1
    return n_families + n_nearest * (1 + bisections + n_families)


def delete(
    score: Callable[[Floats], Floats],
    flows: Floats,
    scores: Floats,
    threshold: Floats,
    benign: Floats,
    family: NDArray[np.intp],
) -> Deletion:
    """Find the set of each flow.

    Flows do not depend on each other; all steps go over all of them at once.

    Args:
        score: Scores rows of shape `(m, n_features)`; higher = more anomalous, one row never depends on the others.
        flows: Shape `(n, n_features)`, NaN = unknown. What is unknown is never replaced, and a family of which a flow
            knows no column is never in its set.
        scores: Their scores. Shape `(n,)`.
        threshold: The score below which each is normal. Shape `(n,)`.
        benign: The nearest benign flows of each, the nearest first. Shape `(n, n_nearest, n_features)`.
        family: Family of each column, from 0. Shape `(n_features,)`.
    """
    n, n_families = len(flows), int(family.max(initial=-1)) + 1
    members = family == np.arange(n_families)[:, None]
    known = ~np.isnan(flows)
    search = _Search(score=score, flows=flows, benign=benign, members=members, known=known)
    alone = np.repeat(scores[:, None], n_families, axis=1)
    chosen, without = np.zeros((n, n_families), dtype=np.bool_), scores.copy()
    if not n or not n_families or not benign.shape[1]:
        return Deletion(families=chosen, score_without=without, alone=alone, evaluations=0)
    differs = (flows[:, None] != benign).any(axis=1) & known  # unlike one of the nearest
    usable = differs.astype(np.float32) @ members.T.astype(np.float32) > 0  # (n, n_families)
    every = np.arange(n)
    solved, highest = search.normal(every, usable, threshold)
    rows = every[solved]  # from here on only these
    if not len(rows):
        return Deletion(families=chosen, score_without=without, alone=alone, evaluations=search.evaluations)
    bound, mine = threshold[rows], usable[rows]
    flow, one = np.nonzero(mine)
    alone[rows[flow], one] = search.replaced(rows[flow], np.eye(n_families, dtype=np.bool_)[one], 0)
    ranked = np.argsort(np.where(mine, alone[rows], np.inf), axis=1, kind="stable")
    rank = np.argsort(ranked, axis=1, kind="stable")  # (rows, n_families), 0 = brings the score down farthest
    found, highest = _shortest_run(search, rows, rank, mine, bound, highest[rows])
    found, highest = _put_back(search, rows, ranked, found, bound, highest)
    chosen[rows], without[rows] = found, highest
    return Deletion(families=chosen, score_without=without, alone=alone, evaluations=search.evaluations)


def _shortest_run(
    search: _Search, rows: NDArray[np.intp], rank: NDArray[np.intp], usable: Bools, threshold: Floats, highest: Floats
) -> tuple[Bools, Floats]:
    """Bisect how many of the first families of the ranking are needed; all together are known to do."""
    low, high = np.ones(len(rows), dtype=np.intp), usable.sum(axis=1)
    while (open_ := np.flatnonzero(low < high)).size:
        middle = (low[open_] + high[open_]) // 2
        normal, score = search.normal(rows[open_], rank[open_] < middle[:, None], threshold[open_])
        high[open_[normal]], highest[open_[normal]] = middle[normal], score[normal]
        low[open_[~normal]] = middle[~normal] + 1
    return rank < high[:, None], highest


def _put_back(
    search: _Search, rows: NDArray[np.intp], ranked: NDArray[np.intp], found: Bools, threshold: Floats, highest: Floats
) -> tuple[Bools, Floats]:
    """Put families back that are not needed, from the least telling on."""
    size = found.sum(axis=1)
    for place in range(int(size.max()) - 1, -1, -1):
        tried = np.flatnonzero((size > place) & (found.sum(axis=1) > 1))
        trial = found[tried].copy()
        trial[np.arange(len(tried)), ranked[tried, place]] = False
        normal, score = search.normal(rows[tried], trial, threshold[tried])
        found[tried[normal]], highest[tried[normal]] = trial[normal], score[normal]
    return found, highest
