"""A few labelled rows to learn names from, and other rows to name."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from clan.errors import DataError
from clan.evaluate.datasets import Labelled

Floats = NDArray[np.float64]
Names = NDArray[np.str_]

MIN_CLASS_ROWS = 100
"""Of protocol P2: classes with fewer rows take no part."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesson:
    """One draw.

    Attributes:
        x: Labelled rows. Shape `(n, n_features)`.
        y: Their classes. Shape `(n,)`.
        further: Benign rows of the same half without a label of their own, as a site has them that trained a detector.
        x_test: Rows to name, of the other half. Shape `(m, n_features)`.
        y_test: Their classes. Shape `(m,)`.
        benign: Name of the benign class.
    """

    x: Floats
    y: Names
    further: Floats
    x_test: Floats
    y_test: Names
    benign: str

    @property
    def unlabelled(self) -> Floats:
        """All benign rows to learn from, labelled ones first: what a detector is trained on."""
        return np.concatenate([self.x[self.y == self.benign], self.further])


def lesson(data: Labelled, k: int, seed: int) -> Lesson:
    """Protocol P2: stratified halves; min(k, available) labelled rows a class from the first, the second to test.

    Classes with fewer than `MIN_CLASS_ROWS` rows and columns that are 0 in every row are left out.

    Args:
        data: The data set.
        k: Labelled rows of each class.
        seed: Of the halves and the draw.

    Raises:
        DataError: Fewer than two classes are large enough.
    """
    labels = data.labels.to_numpy().astype(str)
    names, counts = np.unique(labels, return_counts=True)
    n_large = int((counts >= MIN_CLASS_ROWS).sum())
    if n_large < 2:
        raise DataError(
            f"only classes with {MIN_CLASS_ROWS} rows or more take part, and {n_large} have so many; "
            "two are needed: give more rows, or a larger --max-class-rows"
        )
    kept = np.isin(labels, names[counts >= MIN_CLASS_ROWS])
    x, y = data.features.to_numpy()[kept], labels[kept]
    x = x[:, (x != 0).any(axis=0)]
    first, second = train_test_split(np.arange(len(y)), test_size=0.5, stratify=y, random_state=seed)
    generator = np.random.default_rng([seed, k])
    chosen = np.concatenate([generator.permutation(first[y[first] == name])[:k] for name in np.unique(y)])
    return Lesson(
        x=x[chosen],
        y=y[chosen],
        further=x[np.setdiff1d(first[y[first] == data.benign], chosen)],
        x_test=x[second],
        y_test=y[second],
        benign=data.benign,
    )


def without_class(taught: Lesson, name: str) -> Lesson:
    """Leave a class out of the labelled rows; it is tested all the same."""
    known = taught.y != name
    return replace(taught, x=taught.x[known], y=taught.y[known])
