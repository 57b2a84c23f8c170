"""Extra trees on balanced draws: each tree sees other benign rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import ExtraTreeClassifier

from clan.classify.heads.base import Array, Examples, Floats
from clan.classify.heads.forest import Forest, forest_of

Rows = NDArray[np.intp]

N_TREES = 300
MAX_FEATURES = 0.3
"""Share of the columns that a split chooses among."""

BENIGN_RATIO = 4
"""Benign rows that a tree sees, as a multiple of the largest class's labelled rows, where there are that many. A tree
that saw all of thousands of benign rows beside eight of an attack would give the benign class all the space between."""

SEEN = 0.632
"""Share of the benign rows that a bootstrap tree sees at most: what a bootstrap sample sees of any rows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trees:
    """Extra trees, class-balanced.

    Every second tree sees a bootstrap sample of the labelled rows, the others all of them; the rows that bootstrap
    trees did not see give probabilities that are honest without holding labelled rows back.

    Attributes:
        forest: The grown trees.
    """

    uses_embedding: ClassVar[bool] = False
    held_out_folds: ClassVar[int] = 5

    forest: Forest

    @classmethod
    def fit(cls, examples: Examples, *, seed: int) -> tuple[Self, Floats | None]:
        """Grow the trees; the held-out probabilities of a row that was in every sample are NaN."""
        random = np.random.default_rng(seed)
        trees, codes = [], []
        votes, n_votes = np.zeros((len(examples.y), examples.n_classes)), np.zeros(len(examples.y))
        for number in range(N_TREES):
            rows, benign = _draw(examples, random, bootstrap=number % 2 == 0)
            x = np.concatenate([examples.x[rows], benign])
            y = np.append(examples.y[rows], np.full(len(benign), examples.benign_class or 0))
            tree = ExtraTreeClassifier(
                max_features=MAX_FEATURES, class_weight="balanced", random_state=int(random.integers(2**31))
            ).fit(x, y)
            trees.append(tree)
            codes.append(tree.classes_)
            unseen = np.setdiff1d(np.arange(len(examples.y)), rows)
            if number % 2 == 0 and len(unseen):
                votes[np.ix_(unseen, tree.classes_)] += tree.predict_proba(examples.x[unseen])
                n_votes[unseen] += 1
        held_out = np.where(n_votes[:, None] > 0, votes / np.maximum(n_votes, 1)[:, None], np.nan)
        return cls(forest=forest_of(trees, codes, examples.n_classes)), held_out

    def proba(self, x: Array) -> Floats:
        """Class probabilities. Shape `(n, n_classes)`."""
        return self.forest.proba(x)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Name every array."""
        return self.forest.tensors()

    @classmethod
    def from_tensors(cls, named: dict[str, NDArray[Any]], *, n_columns: int, n_classes: int) -> Self:
        """Build from what `tensors` gave."""
        return cls(forest=Forest.from_tensors(named, n_columns=n_columns, n_classes=n_classes))


def _draw(examples: Examples, random: np.random.Generator, *, bootstrap: bool) -> tuple[Rows, Array]:
    """Choose a tree's labelled rows and its further benign ones."""
    drawn = []
    counts = np.bincount(examples.y, minlength=examples.n_classes)
    for code in range(examples.n_classes):
        if code != examples.benign_class or not len(examples.benign):
            rows = examples.rows_of(code)
            drawn.append(random.choice(rows, len(rows)) if bootstrap else rows)
    if examples.benign_class is None or not len(examples.benign):
        return np.concatenate(drawn), examples.benign[:0]
    labelled = examples.rows_of(examples.benign_class)
    n_all = len(labelled) + len(examples.benign)
    n_wanted = min(BENIGN_RATIO * int(counts.max()), int(SEEN * n_all) if bootstrap else n_all)
    chosen = random.permutation(n_all)[: max(1, n_wanted)]
    drawn.append(labelled[chosen[chosen < len(labelled)]])
    return np.concatenate(drawn), examples.benign[chosen[chosen >= len(labelled)] - len(labelled)]
