"""Many trees as five arrays, and the kernel that walks them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from clan.flows.jit import kernel

Floats = NDArray[np.float64]
Array = NDArray[np.float32]
Ints = NDArray[np.int32]

MAX_NODES = 1 << 24
"""Node numbers are stored as float32, which holds integers exactly up to here."""


@kernel
def _walk(x: Any, feature: Any, threshold: Any, right: Any, roots: Any, leaves: Any, out: Any) -> None:
    """Add up the leaf of each tree for each row; tree by tree, so that a tree stays in the cache."""
    for tree in range(len(roots)):
        for row in range(len(x)):
            node = roots[tree]
            while feature[node] >= 0:
                if x[row, feature[node]] <= threshold[node]:
                    node += 1
                else:
                    node = right[node]
            leaf = right[node]
            for code in range(out.shape[1]):
                out[row, code] += leaves[leaf, code]


@dataclass(frozen=True, kw_only=True, slots=True)
class Forest:
    """Decision trees in depth-first order: the left child of a node is the next node.

    Attributes:
        feature: Column that a node looks at; -1 in a leaf. Shape `(n_nodes,)`.
        threshold: A row with a value up to this goes left. Shape `(n_nodes,)`.
        right: Right child; in a leaf, its row in `leaves`. Shape `(n_nodes,)`.
        roots: First node of each tree. Shape `(n_trees,)`.
        leaves: The distinct distributions over classes. Shape `(n_leaves, n_classes)`, rows add up to 1.
    """

    feature: Ints
    threshold: Array
    right: Ints
    roots: Ints
    leaves: Array

    def proba(self, x: Array) -> Floats:
        """Average the leaves that rows fall into; shape `(n, n_classes)`."""
        out = np.zeros((len(x), self.leaves.shape[1]))
        _walk(np.ascontiguousarray(x), self.feature, self.threshold, self.right, self.roots, self.leaves, out)
        return out / len(self.roots)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Name every array; integers as float32, which the model file holds."""
        return {
            "feature": self.feature.astype(np.float32),
            "threshold": self.threshold,
            "right": self.right.astype(np.float32),
            "roots": self.roots.astype(np.float32),
            "leaves": self.leaves,
        }

    @classmethod
    def from_tensors(cls, named: dict[str, NDArray[Any]], *, n_columns: int, n_classes: int) -> Self:
        """Check that every walk ends in a leaf, and build.

        Raises:
            KeyError: An array is missing.
            ValueError: They do not make trees of these columns and classes.
        """
        parts = {name: named[name].astype(np.int32) for name in ("feature", "right", "roots")}
        forest = cls(threshold=named["threshold"], leaves=named["leaves"], **parts)
        for name, numbers in parts.items():
            if numbers.ndim != 1 or (numbers != named[name]).any():
                raise ValueError(f"forest: {name} does not hold whole numbers")
        forest._check(n_columns, n_classes)
        return forest

    def _check(self, n_columns: int, n_classes: int) -> None:
        """Refuse what could read outside the arrays or walk in a circle: children always come later."""
        n, leaf = len(self.feature), self.feature < 0
        number = np.arange(n)
        sound = (
            n > 0
            and self.threshold.shape == self.right.shape == (n,)
            and self.leaves.ndim == 2
            and self.leaves.shape[1] == n_classes
            and len(self.roots) > 0
            and self.roots.min() >= 0
            and self.roots.max() < n
            and bool((self.feature < n_columns).all())
            and bool(leaf[-1])
            and bool(np.where(leaf, self.right < len(self.leaves), self.right > number).all())
            and bool(((self.right >= 0) & (leaf | (self.right < n))).all())
        )
        if not sound:
            raise ValueError(f"forest: its arrays do not make trees of {n_columns} columns and {n_classes} classes")


def forest_of(trees: Sequence[Any], columns: Sequence[NDArray[np.intp]], n_classes: int) -> Forest:
    """Take fitted scikit-learn trees apart.

    Args:
        trees: Fitted tree classifiers, grown depth first (no limit on leaves).
        columns: For each tree, the class number of each of its outputs.
        n_classes: How many classes there are.

    Raises:
        ValueError: More nodes than the file format can number.
    """
    feature, threshold, right, values, roots, n = [], [], [], [], [], 0
    for fitted, codes in zip(trees, columns, strict=True):
        tree = fitted.tree_
        leaf = tree.children_left < 0
        value = np.zeros((int(leaf.sum()), n_classes), dtype=np.float32)
        value[:, codes] = tree.value[leaf, 0] / tree.value[leaf, 0].sum(axis=1, keepdims=True)
        roots.append(n)
        feature.append(np.where(leaf, -1, tree.feature))
        threshold.append(np.where(leaf, 0.0, _rounded_down(tree.threshold)))
        right.append(tree.children_right + n)
        values.append(value)
        n += tree.node_count
    if n >= MAX_NODES:
        raise ValueError(f"{n:,} nodes are more than a forest may have ({MAX_NODES:,})")
    leaves, which = np.unique(np.concatenate(values), axis=0, return_inverse=True)
    features, rights = np.concatenate(feature), np.concatenate(right)
    rights[features < 0] = which.ravel()
    return Forest(
        feature=features.astype(np.int32),
        threshold=np.concatenate(threshold).astype(np.float32),
        right=rights.astype(np.int32),
        roots=np.array(roots, dtype=np.int32),
        leaves=leaves,
    )


def _rounded_down(threshold: Floats) -> Array:
    """Round to the float32 at or below: float32 columns then fall on the same side as before."""
    near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)
