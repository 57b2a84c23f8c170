"""The flow classifier passes scikit-learn's estimator checks for classifiers, whatever its head."""

from __future__ import annotations

from collections.abc import Callable
from unittest import SkipTest

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from clan.classify import HEADS, FlowClassifier
from clan.classify.heads import trees


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks fit a hundred times: what they look at does not depend on the number of trees."""
    monkeypatch.setattr(trees, "N_TREES", 20)


@parametrize_with_checks([FlowClassifier(head=head) for head in sorted(HEADS)])  # type: ignore[untyped-decorator]
def test_estimator_check(estimator: FlowClassifier, check: Callable[[FlowClassifier], None]) -> None:
    try:
        check(estimator)
    except SkipTest as reason:
        if "SCIPY_ARRAY_API" not in str(reason):  # array API input, which clan does not claim to take
            raise
