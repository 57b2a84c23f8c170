"""What a head is: how class probabilities come from the columns of a flow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from clan.encoder import Encoder

Floats = NDArray[np.float64]
Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Examples:
    """Labelled rows, and benign rows that nobody had to label.

    Attributes:
        x: Labelled rows. Shape `(n, n_columns)`, float32, finite.
        y: Class of each, as a number from 0. Shape `(n,)`.
        n_classes: How many classes there are.
        benign: Further rows of the benign class. Shape `(m, n_columns)`, m >= 0.
        benign_class: Which class is benign; None when there is none, and then no `benign` row either.
        encoder: The detector's, where the whole network is to be trained; it takes the last columns of `x`.
    """

    x: Array
    y: NDArray[np.intp]
    n_classes: int
    benign: Array
    benign_class: int | None
    encoder: Encoder | None = None

    def rows_of(self, code: int) -> NDArray[np.intp]:
        """Find the labelled rows of a class."""
        return np.flatnonzero(self.y == code)

    def everything(self) -> tuple[Array, NDArray[np.intp]]:
        """Put labelled and benign rows together, labelled ones first."""
        if self.benign_class is None:
            return self.x, self.y
        return np.concatenate([self.x, self.benign]), np.append(self.y, np.full(len(self.benign), self.benign_class))

    def without(self, rows: NDArray[np.intp]) -> Examples:
        """Leave labelled rows out."""
        kept = np.delete(np.arange(len(self.y)), rows)
        return replace(self, x=self.x[kept], y=self.y[kept])

    def first(self, n_columns: int) -> Examples:
        """Leave all columns out but the first ones."""
        return replace(self, x=self.x[:, :n_columns], benign=self.benign[:, :n_columns])


class Head(Protocol):
    """Class probabilities, every class weighing the same however many rows it has."""

    uses_embedding: ClassVar[bool]
    """Whether it looks at the embedding of the flow too, after the signed-log columns, where there is an encoder."""

    held_out_folds: ClassVar[int]
    """Of five parts of the labelled rows, how many are held out in turn to set the threshold of `unknown`."""

    @classmethod
    def fit(cls, examples: Examples, *, seed: int) -> tuple[Self, Floats | None]:
        """Learn from examples.

        Returns:
            The head, and what it says about each labelled row held out, `(n, n_classes)`, if that came for free: NaN
            for a row that was never held out.
        """

    def proba(self, x: Array) -> Floats:
        """Class probabilities. Shape `(n, n_classes)`; a row's do not depend on the other rows."""

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Name every array, as the model file stores them."""

    @classmethod
    def from_tensors(cls, named: dict[str, NDArray[Any]], *, n_columns: int, n_classes: int) -> Self:
        """Build a head from what `tensors` gave; KeyError or ValueError when it does not fit."""
