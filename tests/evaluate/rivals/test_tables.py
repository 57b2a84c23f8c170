"""Rivals read tables as ClanDetector does, by name where there are names, and are estimators of scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from clan.errors import DataError, SchemaError
from clan.evaluate.rivals import RIVALS, Detector

NAMES = ["a", "b", "c"]


def values(seed: int = 0, n: int = 80) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 3)) * [1.0, 10.0, 100.0]


def fitted(table: Any, name: str = "mahalanobis") -> Detector:
    return RIVALS[name].make(seed=0).fit(table)


@pytest.mark.parametrize("name", ["mahalanobis", "isolation_forest", "5_nearest_neighbours"])
def test_all_kinds_of_tables_give_the_same_scores(name: str) -> None:
    x, new = values(), values(1)
    expected = fitted(x, name).anomaly_score(new)  # type: ignore[arg-type]
    for make in (lambda a: pl.DataFrame(a, schema=NAMES), lambda a: pd.DataFrame(a, columns=NAMES), np.ndarray.tolist):
        assert (fitted(make(x), name).anomaly_score(make(new)) == expected).all()
    lazy = pl.DataFrame(new, schema=NAMES).lazy()
    assert (fitted(pl.DataFrame(x, schema=NAMES), name).anomaly_score(lazy) == expected).all()  # type: ignore[arg-type]


def test_columns_are_found_by_name() -> None:
    train, new = pl.DataFrame(values(), schema=NAMES), pl.DataFrame(values(1), schema=NAMES)
    detector = fitted(train)
    expected = detector.anomaly_score(new)
    assert (detector.anomaly_score(new.select("c", "a", pl.lit(7.0).alias("other"), "b")) == expected).all()
    with pytest.raises(SchemaError, match=r"the table to score lacks 1 of the 3 feature columns: b"):
        detector.anomaly_score(new.drop("b"))
    with pytest.raises(ValueError, match="feature names should match"):
        fitted(pd.DataFrame(values(), columns=NAMES)).anomaly_score(pd.DataFrame(values(), columns=["c", "a", "b"]))
    with pytest.raises(ValueError, match="X has 2 features, but Mahalanobis is expecting 3"):
        fitted(values()).anomaly_score(values()[:, :2])  # type: ignore[arg-type]


def test_what_is_no_number_is_refused_by_its_column() -> None:
    train = pl.DataFrame(values(), schema=NAMES)
    with pytest.raises(SchemaError, match=r"1 of other types: b \(String\)"):
        fitted(train.with_columns(b=pl.lit("x")))
    with pytest.raises(DataError, match=r"null, NaN or infinite values in: b \(80\)"):
        fitted(train.with_columns(b=pl.lit(None, dtype=pl.Float64)))
    with pytest.raises(DataError, match=r"NaN or infinite values in: x1 \(80\)"):
        fitted(values() * [1.0, np.nan, 1.0])
    with pytest.raises(SchemaError, match=r"found twice or more: a \(2 times\)"):
        fitted(pd.DataFrame(values(), columns=["a", "a", "c"]))


@pytest.mark.parametrize("name", sorted(RIVALS))
def test_settings_are_told_and_copied(name: str) -> None:
    rival: Any = RIVALS[name].make(seed=3, width="paper", epochs=2)
    copy = clone(rival)
    assert copy.get_params() == rival.get_params()
    assert {"seed": 3, "width": "paper", "epochs": 2}.items() <= copy.get_params().items()
    copy.set_params(epochs=5)
    if hasattr(copy, "settings"):
        assert (copy.settings.epochs, rival.settings.epochs) == (5, 2)


@pytest.mark.parametrize("name", ["simclr", "random_embedding", "nearest_neighbour"])
def test_a_rival_ends_a_pipeline(name: str) -> None:
    pipeline = make_pipeline(StandardScaler(), RIVALS[name].make(epochs=1))
    pipeline.fit(values())
    scores = pipeline.score_samples(np.concatenate([values(1), values(2) * 50]))
    assert np.median(scores[:80]) > np.median(scores[80:])
