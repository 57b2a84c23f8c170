"""The search finds an irreducible set with any black box, and says how often it asked."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clan.explain.deletion import Deletion, delete, most_evaluations


def found(weights: np.ndarray, flows: np.ndarray, threshold: float, *, n_nearest: int = 2) -> Deletion:
    """Search with an additive score, every column its own family, and benign flows of zeros."""
    benign = np.zeros((len(flows), n_nearest, flows.shape[1]))
    return delete(
        lambda rows: np.nan_to_num(rows) @ weights,
        flows,
        np.nan_to_num(flows) @ weights,
        np.full(len(flows), threshold),
        benign,
        np.arange(flows.shape[1]),
    )


def highest(rows: np.ndarray) -> np.ndarray:
    """A black box that looks at the largest value."""
    return np.asarray(rows.max(axis=1))


@settings(max_examples=50)
@given(st.lists(st.floats(0, 10), min_size=3, max_size=6), st.floats(0.5, 8))
def test_of_an_additive_score_the_set_is_smallest(weights: list[float], threshold: float) -> None:
    w = np.array(weights)
    flows = np.ones((1, len(w)))
    result = found(w, flows, threshold)
    alerting = w.sum() >= threshold
    sizes = [
        n
        for n in range(len(w) + 1)
        if any(w.sum() - w[list(some)].sum() < threshold - 1e-9 for some in combinations(range(len(w)), n))
    ]
    if alerting:
        assert result.families[0].sum() == max(sizes[0], 1)
        assert result.score_without[0] < threshold
    assert result.evaluations <= most_evaluations(len(w), 2)


def test_a_set_has_to_do_with_every_nearest_flow() -> None:
    flows = np.array([[9.0, 9.0]])
    benign = np.array([[[0.0, 9.0], [9.0, 0.0]]])  # each alone leaves one of them high
    result = delete(highest, flows, highest(flows), np.array([5.0]), benign, np.arange(2))
    assert not result.families.any()
    assert result.score_without.tolist() == [9.0]
    both = np.array([[[0.0, 1.0], [1.0, 0.0]]])
    result = delete(highest, flows, highest(flows), np.array([5.0]), both, np.arange(2))
    assert result.families.tolist() == [[True, True]]


def test_families_go_together_and_the_unknown_stays() -> None:
    flows = np.array([[1.0, 1.0, np.nan], [1.0, np.nan, np.nan]])
    seen = []

    def score(rows: np.ndarray) -> np.ndarray:
        seen.append(rows.copy())
        return np.nansum(rows, axis=1)

    result = delete(score, flows, np.array([2.0, 1.0]), np.full(2, 0.5), np.zeros((2, 1, 3)), np.array([0, 0, 1]))
    assert result.families.tolist() == [[True, False], [True, False]]
    assert all(np.isnan(rows[:, 2]).all() for rows in seen)


def test_nothing_to_search() -> None:
    empty = found(np.ones(3), np.empty((0, 3)), 1.0)
    assert (empty.families.shape, empty.evaluations) == ((0, 3), 0)
    alone = found(np.ones(3), np.ones((2, 3)), 1.0, n_nearest=0)
    assert not alone.families.any()


def test_many_families_are_searched_in_few_questions() -> None:
    w = np.zeros(200)
    w[[3, 150]] = 5.0
    result = found(w, np.ones((4, 200)), 1.0)
    assert np.flatnonzero(result.families[0]).tolist() == [3, 150]
    assert result.evaluations / 4 == pytest.approx(200 + 2 * (1 + 8 + 2), abs=12)
