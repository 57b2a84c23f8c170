"""A forest as arrays says exactly what the trees said that it was taken from, and refuses arrays that are no trees."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import ExtraTreeClassifier

from clan.classify.heads.forest import Forest, forest_of


@pytest.fixture(scope="module")
def grown() -> tuple[Forest, list[ExtraTreeClassifier], np.ndarray]:
    random = np.random.default_rng(0)
    x = random.normal(size=(300, 5)).round(1).astype(np.float32)
    y = random.integers(3, size=300)
    trees = [ExtraTreeClassifier(random_state=seed).fit(x, y) for seed in range(7)]
    return forest_of(trees, [tree.classes_ for tree in trees], 3), trees, x


def test_equals_the_trees(grown: tuple[Forest, list[ExtraTreeClassifier], np.ndarray]) -> None:
    forest, trees, x = grown
    expected = np.mean([tree.predict_proba(x) for tree in trees], axis=0)
    assert forest.proba(x) == pytest.approx(expected, abs=1e-6)


def test_a_tree_that_knows_fewer_classes_keeps_their_numbers() -> None:
    x = np.array([[0.0], [1.0]], dtype=np.float32)
    tree = ExtraTreeClassifier(random_state=0).fit(x, [0, 2])
    assert forest_of([tree], [tree.classes_], 3).proba(x).tolist() == [[1, 0, 0], [0, 0, 1]]


def test_arrays_come_back(grown: tuple[Forest, list[ExtraTreeClassifier], np.ndarray]) -> None:
    forest, _, x = grown
    again = Forest.from_tensors(forest.tensors(), n_columns=5, n_classes=3)
    assert np.array_equal(again.proba(x), forest.proba(x))


@pytest.mark.parametrize(
    ("name", "value"), [("feature", 5), ("right", 10**6), ("right", 0), ("roots", 10**6), ("roots", -1)]
)
def test_arrays_that_lead_nowhere_are_refused(
    name: str, value: int, grown: tuple[Forest, list[ExtraTreeClassifier], np.ndarray]
) -> None:
    tensors = grown[0].tensors()
    tensors[name][0] = value
    with pytest.raises(ValueError, match="do not make trees"):
        Forest.from_tensors(tensors, n_columns=5, n_classes=3)
