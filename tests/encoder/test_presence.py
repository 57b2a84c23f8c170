"""Indicators of what is known: one for each set of columns that are known together."""

from __future__ import annotations

import numpy as np
import pytest

from clan.encoder.presence import FLOOR, Presence
from clan.encoder.scaler import SCALERS, Scaler, fit_scaler

NAN = np.nan
VALUES = np.array([[1.0, NAN, NAN, 4.0, NAN], [2.0, 3.0, 1.0, NAN, NAN], [3.0, 5.0, 7.0, 9.0, NAN]])


def test_columns_that_are_known_together_share_an_indicator() -> None:
    found = Presence.fit(VALUES)
    assert found is not None
    assert found.columns.tolist() == [1, 3]  # 2 is as 1; 0 is always known, 4 never
    assert found.mean.tolist() == pytest.approx([2 / 3, 2 / 3])


def test_all_known_needs_no_indicator() -> None:
    assert Presence.fit(VALUES[:, :1]) is None
    assert fit_scaler("zscore", VALUES[:, :1]).n_outputs == 1


def test_an_indicator_is_standardised() -> None:
    values = np.where(np.arange(10)[:, None] < 5, 1.0, NAN)
    found = Presence.fit(values)
    assert found is not None
    assert found.transform(values)[:, 0].tolist() == [1.0] * 5 + [-1.0] * 5
    rare = Presence(columns=np.array([0]), mean=np.array([1e-6]))
    assert rare.transform(np.ones((1, 1)))[0, 0] == pytest.approx(1 / FLOOR, rel=1e-3)


@pytest.mark.parametrize("name", sorted(SCALERS))
def test_every_scaler_learns_from_what_is_known_and_puts_the_unknown_in_the_middle(name: str) -> None:
    scaler = fit_scaler(name, VALUES)
    scaled = scaler.transform(VALUES)
    assert scaled.shape == (3, scaler.n_outputs) == (3, 7)
    assert np.isfinite(scaled).all()
    assert (scaled[:, :5][np.isnan(VALUES)] == 0).all()
    known = fit_scaler(name, VALUES[1:, 1:3]).transform(VALUES[1:, 1:3])
    assert scaled[1:, 1:3] == pytest.approx(known, abs=1e-6)


@pytest.mark.parametrize("kind", ["signed_log", ("signed_log", "zscore", "robust", "zscore", "signed_log")])
def test_the_scaler_comes_back_from_its_arrays(kind: str | tuple[str, ...]) -> None:
    scaler = fit_scaler(kind, VALUES)
    again = Scaler.from_tensors(kind, scaler.tensors(), n_features=5)
    assert (again.transform(VALUES) == scaler.transform(VALUES)).all()


@pytest.mark.parametrize(
    "named",
    [
        {"columns": np.array([9.0]), "mean": np.array([0.5])},
        {"columns": np.array([0.5]), "mean": np.array([0.5])},
        {"columns": np.array([0.0]), "mean": np.array([1.0])},
        {"columns": np.array([0.0, 1.0]), "mean": np.array([0.5])},
    ],
)
def test_arrays_that_do_not_fit_are_refused(named: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=r"known"):
        Presence.from_tensors(named, n_features=5)
