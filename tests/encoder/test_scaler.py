"""Scalers standardise, floor the spread of near-constant columns and never give what is not finite."""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from clan.encoder import fit_scaler
from clan.encoder.scaler import CLIP
from clan.errors import UnknownNameError


def test_zscore_uses_mean_and_sample_standard_deviation() -> None:
    values = np.array([[1.0], [2.0], [6.0]])
    scaled = fit_scaler("zscore", values).transform(values)
    assert scaled[:, 0] == pytest.approx((values[:, 0] - 3) / np.std(values, ddof=1))


@pytest.mark.parametrize("kind", ["zscore", "signed_log"])
def test_one_unit_beside_a_constant_column_is_not_infinitely_far(kind: str) -> None:
    values = np.full((1000, 1), 5.0)
    scaler = fit_scaler(kind, values)
    assert 0 < scaler.transform(values + 1)[0, 0] <= 1.0
    values[0] = 6.0  # near-constant: one row of a thousand differs
    assert 0 < fit_scaler("signed_log", values).transform(np.array([[6.0]]))[0, 0] < 2.0


@given(
    hnp.arrays(np.float64, (6, 2), elements=st.floats(allow_nan=False, allow_infinity=False)),
    hnp.arrays(np.float64, (3, 2), elements=st.floats(-1e300, 1e300)),
)
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_signed_log_is_finite_and_bounded_for_every_finite_value(train: np.ndarray, new: np.ndarray) -> None:
    scaled = fit_scaler("signed_log", train).transform(new)
    assert scaled.dtype == np.float32
    assert np.isfinite(scaled).all()
    assert np.abs(scaled).max() <= CLIP


def test_leaves_its_input_alone() -> None:
    values = np.arange(6.0).reshape(3, 2)
    before = values.copy()
    for kind in ("zscore", "signed_log"):
        fit_scaler(kind, values).transform(values)
    assert (values == before).all()


def test_unknown_scaler_lists_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match="unknown scaler 'z-score'"):
        fit_scaler("z-score", np.zeros((2, 1)))
