"""Metrics equal slow counts, and a score that points the wrong way is not turned round."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clan.errors import DataError
from clan.evaluate import auroc, auroc_by_class, macro, tpr_at_fpr

SCORES = st.lists(st.integers(-5, 5), min_size=1, max_size=30)


@given(benign=SCORES, attack=SCORES)
def test_auroc_is_the_share_of_pairs_in_order(benign: list[int], attack: list[int]) -> None:
    pairs = [(a > b) + 0.5 * (a == b) for a in attack for b in benign]
    assert auroc(benign, attack) == pytest.approx(np.mean(pairs))
    assert auroc(benign, attack) == pytest.approx(1 - auroc(attack, benign))


@given(benign=SCORES, attack=SCORES, fpr=st.sampled_from([0.0, 0.1, 0.5]))
def test_recall_is_taken_at_a_threshold_within_the_rate(benign: list[int], attack: list[int], fpr: float) -> None:
    found = tpr_at_fpr(benign, attack, fpr)
    thresholds = [t for t in range(-6, 7) if np.mean(np.array(benign) > t) <= fpr]
    assert found == pytest.approx(np.mean(np.array(attack) > min(thresholds)))


def test_classes_are_each_compared_with_all_benign_rows() -> None:
    by_class = auroc_by_class([0, 1, 2, 3, -1], ["ok", "ok", "up", "up", "down"], benign="ok")
    assert by_class == {"up": 1.0, "down": 0.0}
    assert macro(by_class) == 0.5


def test_nothing_to_compare_is_an_error() -> None:
    with pytest.raises(DataError, match="no benign scores"):
        auroc([], [1])
    with pytest.raises(DataError, match="no attack scores"):
        tpr_at_fpr([1], [])
