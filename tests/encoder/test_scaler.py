"""Scalers standardise, floor the spread of near-constant columns and never give what is not finite."""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from clan.encoder import SCALERS, Scaler, fit_scaler, quantile_tail, scaler_for_groups
from clan.encoder.column_scalers import extremes, quantiles
from clan.encoder.scaler import CLIP
from clan.errors import ConfigError, UnknownNameError

MIXED = ("signed_log", "robust", "quantile_tail", "quantile_normal")


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


@pytest.mark.parametrize("kind", sorted(SCALERS))
@given(
    hnp.arrays(np.float64, (6, 2), elements=st.floats(-1e150, 1e150)),
    hnp.arrays(np.float64, (3, 2), elements=st.floats(-1e150, 1e150)),
)
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_is_finite_and_bounded_for_every_value(kind: str, train: np.ndarray, new: np.ndarray) -> None:
    scaled = fit_scaler(kind, train).transform(new)
    assert scaled.dtype == np.float32
    assert np.isfinite(scaled).all()
    assert np.abs(scaled).max() <= CLIP


def test_leaves_its_input_alone() -> None:
    values = np.arange(6.0).reshape(3, 2)
    before = values.copy()
    for kind in SCALERS:
        fit_scaler(kind, values).transform(values)
    assert (values == before).all()


def test_unknown_scaler_lists_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match="unknown scaler 'z-score'"):
        fit_scaler("z-score", np.zeros((2, 1)))


def test_signed_log_takes_the_largest_numbers() -> None:
    largest = np.array([[1.7e308], [-1.7e308], [0.0]])
    assert np.isfinite(fit_scaler("signed_log", largest).transform(largest)).all()


def test_robust_ignores_what_a_few_rows_do() -> None:
    values = np.random.default_rng(0).normal(7, 3, size=(1000, 1))
    spoiled = values.copy()
    spoiled[:20] = 1e9
    clean = fit_scaler("robust", values).transform(values)
    assert clean.std() == pytest.approx(1, abs=0.1)
    assert fit_scaler("robust", spoiled).transform(values) == pytest.approx(clean, abs=0.2)


def test_robust_falls_back_on_the_deviation_where_the_middle_half_is_constant() -> None:
    values = np.zeros((100, 2))
    values[:10, 0] = 4.0
    scaled = fit_scaler("robust", values).transform(values + 1)
    assert scaled[50, 0] == pytest.approx(1 / values[:, 0].std(ddof=1))
    assert scaled[50, 1] == 1.0


def test_quantile_normal_makes_any_distribution_normal() -> None:
    values = np.random.default_rng(0).lognormal(sigma=3, size=(5000, 1))
    scaled = fit_scaler("quantile_normal", values).transform(values)[:, 0]
    assert (scaled.mean(), scaled.std()) == pytest.approx((0, 1), abs=0.03)
    assert np.quantile(scaled, [0.025, 0.975]) == pytest.approx([-1.96, 1.96], abs=0.05)
    assert (np.diff(scaled[np.argsort(values[:, 0])]) >= 0).all()


def test_quantile_normal_gives_repeats_their_middle_rank_and_saturates() -> None:
    scaler = fit_scaler("quantile_normal", np.array([[0.0]] * 60 + [[1.0]] * 40))
    zero, one, more, less = scaler.transform(np.array([[0.0], [1.0], [9.0], [-9.0]]))[:, 0]
    assert zero == pytest.approx(-0.524, abs=0.03)  # ranks 0 to .6: the middle is .3
    assert one == pytest.approx(0.842, abs=0.03)
    assert (less, more) == pytest.approx((-5.199, 5.199), abs=0.01)


def test_each_column_is_scaled_as_if_alone() -> None:
    values = np.random.default_rng(0).lognormal(size=(200, 4))
    mixed = fit_scaler(MIXED, values).transform(values)
    for j, kind in enumerate(MIXED):
        assert mixed[:, [j]] == pytest.approx(fit_scaler(kind, values[:, [j]]).transform(values[:, [j]]), abs=1e-6)


@pytest.mark.parametrize("kind", [*sorted(SCALERS), MIXED])
def test_arrays_and_back_scale_the_same_and_have_to_fit(kind: str | tuple[str, ...]) -> None:
    values = np.random.default_rng(0).lognormal(size=(50, 4))
    scaler = fit_scaler(kind, values)
    stored = list(kind) if isinstance(kind, tuple) else kind
    again = Scaler.from_tensors(stored, scaler.tensors(), n_features=4)
    assert again.kind == kind
    assert (again.transform(values) == scaler.transform(values)).all()
    with pytest.raises(ValueError, match="does not fit 5 features"):
        Scaler.from_tensors(stored, scaler.tensors(), n_features=5)
    for name, tensor in scaler.tensors().items():
        if not name.endswith("mean"):
            with pytest.raises(ValueError, match="scaler's"):
                Scaler.from_tensors(stored, scaler.tensors() | {name: -np.abs(tensor)}, n_features=4)
    with pytest.raises(ValueError, match="does not fit"):
        Scaler.from_tensors(stored, scaler.tensors() | {"more": np.zeros(4)}, n_features=4)


def test_groups_choose_scalers() -> None:
    groups = ["flow", "context", "payload"]
    assert scaler_for_groups("robust", groups) == "robust"
    assert scaler_for_groups(["a", "b", "c"], groups) == ("a", "b", "c")
    assert scaler_for_groups({"context": "robust", "*": "zscore"}, groups) == ("zscore", "robust", "zscore")
    with pytest.raises(ConfigError, match="feature group 'flow' has no scaler"):
        scaler_for_groups({"context": "robust", "payload": "zscore"}, groups)
    with pytest.raises(ConfigError, match="a scaler for each of the 3 columns, got 2"):
        fit_scaler(["zscore", "robust"], np.zeros((2, 3)))


def test_quantile_tail_is_normal_within_the_benign_range() -> None:
    values = np.random.default_rng(0).lognormal(sigma=3, size=(5000, 1))
    scaled = fit_scaler("quantile_tail", values).transform(values)[:, 0]
    exact = fit_scaler("quantile_normal", values).transform(values)[:, 0]
    assert scaled == pytest.approx(np.clip(exact, -3, 3), abs=0.1)
    assert (np.diff(scaled[np.argsort(values[:, 0])]) >= 0).all()


def test_quantile_tail_goes_on_with_the_logarithm() -> None:
    scaler = fit_scaler("quantile_tail", np.arange(1001.0)[:, None])
    ten, thousand, below = scaler.transform(np.array([[10 * 1001.0 - 1], [1000 * 1001.0 - 1], [-9.0]]))[:, 0]
    assert (ten, thousand) == pytest.approx((3 + np.log(10), 3 + np.log(1000)), abs=1e-4)
    assert below == pytest.approx(-3 - np.log(10), abs=1e-4)


def test_quantile_tail_gives_repeats_their_middle_rank() -> None:
    scaler = fit_scaler("quantile_tail", np.array([[0.0]] * 60 + [[1.0]] * 40))
    zero, one, between = scaler.transform(np.array([[0.0], [1.0], [0.5]]))[:, 0]
    assert (zero, one) == pytest.approx((-0.524, 0.842), abs=0.06)
    assert zero < between < one
    constant = fit_scaler("quantile_tail", np.full((9, 1), 7.0))
    assert constant.transform(np.array([[7.0], [np.nan]]))[:, 0].tolist() == [0.0, 0.0]
    assert constant.transform(np.array([[8.0]]))[0, 0] == pytest.approx(3 + np.log(9 / 8), abs=1e-4)


@given(hnp.arrays(np.float64, (40, 1), elements=st.sampled_from([-5.0, 0.0, 0.0, 0.0, 1.0, 2.5, 1e9])))
def test_quantile_tail_never_turns_two_values_round(values: np.ndarray) -> None:
    grid = np.sort(np.concatenate([np.linspace(-10, 10, 201), values[:, 0], [1e8, 1e10, np.finfo(float).max]]))[:, None]
    assert (np.diff(fit_scaler("quantile_tail", values).transform(grid)[:, 0]) >= -1e-6).all()


def test_extremes_are_the_quantiles_at_0_and_1() -> None:
    values = np.array([[3.0, np.nan, np.nan], [-1.0, 5.0, np.nan], [2.0, np.nan, np.nan]])
    low, high = extremes(values)
    assert low.tolist() == quantiles(values, np.array([0.0]))[0].tolist() == [-1.0, 5.0, 0.0]
    assert high.tolist() == quantiles(values, np.array([1.0]))[0].tolist() == [3.0, 5.0, 0.0]


def test_a_table_longer_than_a_block_is_scaled_as_its_parts_are(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).lognormal(size=(50, 3))
    fitted = fit_scaler("quantile_tail", values)
    whole = fitted.transform(values)
    monkeypatch.setattr(quantile_tail, "BLOCK", 16)
    assert (fitted.transform(values) == whole).all()
