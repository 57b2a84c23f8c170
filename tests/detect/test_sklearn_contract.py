"""The default detector passes scikit-learn's estimator checks for outlier detectors."""

from __future__ import annotations

from collections.abc import Callable
from unittest import SkipTest

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from clan.detect import ClanDetector


# the checks fit on ten to some hundred rows: too few for the default rate, which the detector says each time
@pytest.mark.filterwarnings("ignore::clan.errors.DataQualityWarning")
@parametrize_with_checks([ClanDetector()])  # type: ignore[untyped-decorator]
def test_estimator_check(estimator: ClanDetector, check: Callable[[ClanDetector], None]) -> None:
    try:
        check(estimator)
    except SkipTest as reason:
        if "SCIPY_ARRAY_API" not in str(reason):  # array API input, which clan does not claim to take
            raise
