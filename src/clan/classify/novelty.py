"""How unlike everything labelled a flow is: what `unknown` rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from clan.classify.heads import Examples

Floats = NDArray[np.float64]
Array = NDArray[np.float32]

MAX_REFERENCES = 256
"""Rows that are kept of each class, so that the file and the time for a flow stay small."""

FLOOR = 1e-2
"""Added to distances before the logarithm: copies of a reference are equally near."""

BLOCK = 256
"""Rows compared at once. Blocks are always full, because the matrix product of another shape may differ in its last
bit, and whether a flow is unknown must not depend on the flows beside it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Novelty:
    """Distance to the nearest labelled row, beside what is usual in that row's class, and doubt of the head.

    The score is the logarithm of that ratio, 0 where the row is as near as usual, plus `WEIGHT` times the entropy of
    the head's probabilities in nats.

    Attributes:
        mean: Mean of each column over the labelled rows. Shape `(n_columns,)`.
        spread: Within-class standard deviation of each column, floored. Shape `(n_columns,)`, > 0.
        references: Scaled rows. Shape `(n_references, n_columns)`.
        usual: For each reference, the distance to the nearest other one that a tenth of its class exceeds, > 0.
    """

    mean: Array
    spread: Array
    references: Array
    usual: Array

    @classmethod
    def fit(cls, examples: Examples, *, seed: int) -> tuple[Self, NDArray[np.intp]]:
        """Choose the references; gives also which labelled rows they are."""
        random = np.random.default_rng(seed)
        variance = np.mean([examples.x[examples.rows_of(c)].var(axis=0) for c in np.unique(examples.y)], axis=0)
        mean, spread = examples.x.mean(axis=0), np.maximum(np.sqrt(variance), 0.1).astype(np.float32)
        chosen = [random.permutation(examples.rows_of(c))[:MAX_REFERENCES] for c in range(examples.n_classes)]
        rows = np.concatenate(chosen)
        further = examples.benign[random.permutation(len(examples.benign))[:MAX_REFERENCES]]
        codes = np.append(examples.y[rows], np.full(len(further), examples.benign_class or 0))
        references = np.clip((np.concatenate([examples.x[rows], further]) - mean) / spread, -CLIP, CLIP)
        return cls(mean=mean, spread=spread, references=references, usual=_usual(references, codes)), rows

    def score(self, x: Array, proba: Floats, *, own: NDArray[np.intp] | None = None) -> Floats:
        """Score rows; shape `(n,)`, higher = less like anything labelled.

        Args:
            x: Signed-log columns.
            proba: What the head says about the rows.
            own: For each row, which reference it is itself (-1: none) and must not be compared with.
        """
        ratio = np.empty(len(x))
        for start in range(0, len(x), BLOCK):
            part = slice(start, start + BLOCK)
            scaled = np.zeros((BLOCK, len(self.mean)), dtype=np.float32)
            np.clip((x[part] - self.mean) / self.spread, -CLIP, CLIP, out=scaled[: len(x[part])])
            distance = _distances(scaled, self.references)[: len(x[part])]
            if own is not None:
                here = np.flatnonzero(own[part] >= 0)
                distance[here, own[part][here]] = np.inf
            nearest = distance.argmin(axis=1)
            ratio[part] = (distance[np.arange(len(nearest)), nearest] + FLOOR) / self.usual[nearest]
        return np.maximum(np.log(ratio), 0) + WEIGHT * entr(proba).sum(axis=1)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Name every array."""
        return {"mean": self.mean, "spread": self.spread, "references": self.references, "usual": self.usual}

    @classmethod
    def from_tensors(cls, named: dict[str, NDArray[Any]], *, n_columns: int) -> Self:
        """Build from what `tensors` gave; KeyError or ValueError when it does not fit."""
        novelty = cls(**{name: named[name] for name in ("mean", "spread", "references", "usual")})
        if not (
            novelty.mean.shape == novelty.spread.shape == (n_columns,)
            and (novelty.spread > 0).all()
            and novelty.references.ndim == 2
            and novelty.references.shape[1] == n_columns
            and novelty.usual.shape == (len(novelty.references),)
            and len(novelty.references) > 1
            and (novelty.usual > 0).all()
        ):
            raise ValueError(f"novelty: references of {novelty.references.shape} for {n_columns} columns")
        return novelty


CLIP = np.float32(20)
"""Deviations are cut here, so that one odd column does not drown the others."""

WEIGHT = 2.0
"""Weight of doubt against the logarithm of distance."""


def _usual(references: Array, codes: NDArray[np.intp]) -> Array:
    """Distance to the nearest other reference that a tenth of each class exceeds; shape `(n_references,)`."""
    distance = _distances(references, references)
    np.fill_diagonal(distance, np.inf)
    nearest, usual = distance.min(axis=1), np.empty(len(references), dtype=np.float32)
    for code in np.unique(codes):
        usual[codes == code] = np.quantile(nearest[codes == code], 0.9) + FLOOR
    return usual


def _distances(a: Array, b: Array) -> Array:
    """Euclidean distances, shape `(len(a), len(b))`."""
    squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2 * (a @ b.T)
    return np.sqrt(np.maximum(squared, 0))
