"""Logistic regression on signed-log columns and the embedding."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from clan.classify.heads.base import Array, Examples, Floats

FLOOR = 0.1
"""Smallest spread that a column is divided by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Linear:
    """One weight vector a class.

    Attributes:
        weight: Shape `(n_columns, n_classes)`.
        bias: Shape `(n_classes,)`.
    """

    uses_embedding: ClassVar[bool] = True
    held_out_folds: ClassVar[int] = 5

    weight: Floats
    bias: Floats

    @classmethod
    def fit(cls, examples: Examples, *, seed: int) -> tuple[Self, Floats | None]:
        """Fit with every class weighing the same."""
        x, y = examples.everything()
        mean, spread = x.mean(axis=0, dtype=np.float64), np.maximum(x.std(axis=0, dtype=np.float64), FLOOR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # separable classes have no finite optimum to reach
            model = LogisticRegression(C=1.0, max_iter=300, class_weight="balanced", random_state=seed).fit(
                (x - mean) / spread, y
            )
        weight, bias = model.coef_.T, model.intercept_
        if examples.n_classes == 2:  # scikit-learn keeps the second class's half of the difference only
            weight, bias = np.column_stack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
        weight = weight / spread[:, None]  # the standardisation goes into the weights
        return cls(weight=weight, bias=bias - mean @ weight), None

    def proba(self, x: Array) -> Floats:
        """Class probabilities. Shape `(n, n_classes)`."""
        return softmax(x.astype(np.float64) @ self.weight + self.bias, axis=1)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Name every array."""
        return {"weight": self.weight, "bias": self.bias}

    @classmethod
    def from_tensors(cls, named: dict[str, NDArray[Any]], *, n_columns: int, n_classes: int) -> Self:
        """Build from what `tensors` gave."""
        head = cls(weight=named["weight"], bias=named["bias"])
        if head.weight.shape != (n_columns, n_classes) or head.bias.shape != (n_classes,):
            raise ValueError(f"linear head: weight of {head.weight.shape} for {n_columns} columns, {n_classes} classes")
        return head
