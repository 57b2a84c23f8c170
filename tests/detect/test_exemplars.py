"""The benign flows that a model keeps are benign training rows, cover what is rare, and come back from the file."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from clan.detect.exemplars import MOST, MOST_CHARACTERS, Exemplars, choose_exemplars
from clan.detect.quantiles import benign_quantiles
from clan.detect.training_rows import TrainingRows, rows_of_array


def training(values: np.ndarray) -> TrainingRows:
    return rows_of_array(values, None, drop_zero_columns=False)


def chosen(values: np.ndarray, *, learnt: np.ndarray | None = None, seed: int = 0) -> Exemplars:
    rows = training(values)
    learnt = np.ones(len(values), dtype=np.bool_) if learnt is None else learnt
    return choose_exemplars(rows, benign_quantiles(values), seed=seed, learnt=learnt)


def test_few_rows_are_all_kept_and_what_was_set_aside_is_not() -> None:
    values = np.random.default_rng(0).lognormal(size=(50, 3))
    assert np.array_equal(chosen(values).values, values)
    learnt = np.arange(50) != 7
    assert np.array_equal(chosen(values, learnt=learnt).values, values[learnt])


def test_rare_habits_are_among_many_rows() -> None:
    rng = np.random.default_rng(0)
    values = rng.lognormal(3, 0.1, (6000, 4))
    values[:12] *= 1e4  # one in 500
    kept = chosen(values)
    assert len(kept) == MOST
    assert (kept.values[:, 0] > 1e4).sum() >= 3
    assert {tuple(row) for row in kept.values.tolist()} <= {tuple(row) for row in values.tolist()}
    assert np.array_equal(kept.values, chosen(values).values)


def test_the_file_gives_back_what_is_unknown() -> None:
    values = np.array([[1.0, np.nan], [2.0, 3.0]])
    kept = Exemplars(values=values, identity={"uid": ("a", None), "time_us": (5, 6)})
    assert np.isfinite(kept.tensors()["values"]).all()
    back = Exemplars.from_stored(kept.entry(), kept.tensors(), n_features=2)
    assert np.array_equal(back.values, values, equal_nan=True)
    assert back.identity == kept.identity


@pytest.mark.parametrize(
    ("entry", "match"),
    [
        ({"rows": 3}, "do not fit 3 rows"),
        ({"rows": 2, "uid": ["a"]}, "uid must be 2 values of type str"),
        ({"rows": 2, "time_us": ["a", "b"]}, "time_us must be 2 values of type int"),
        ({"rows": 2, "port": [True, 1]}, "port must be 2 values of type int"),
    ],
)
def test_damaged_parts_are_refused(entry: dict[str, object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Exemplars.from_stored(entry, {"values": np.ones((2, 2))}, n_features=2)


def test_long_texts_are_cut() -> None:
    values = np.random.default_rng(0).lognormal(size=(3, 2))
    frame = pl.DataFrame({"uid": ["x" * 1000] * 3, "src_ip": ["y" * 1000] * 3})
    rows = TrainingRows(
        values=values,
        features=training(values).features,
        columns=(0, 1),
        n_inputs=2,
        input_names=None,
        streams=training(values).streams,
        identity=frame,
    )
    kept = choose_exemplars(rows, benign_quantiles(values), seed=0, learnt=np.ones(3, dtype=np.bool_), addresses=True)
    assert {len(str(text)) for column in kept.identity.values() for text in column} == {MOST_CHARACTERS}
