"""Rows that belong together are held out together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clan.calibrate import assign_folds


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@given(n=st.integers(2, 60), n_folds=st.integers(2, 7), n_sources=st.integers(1, 8))
def test_every_fold_has_rows_and_leaves_rows_to_train_on(n: int, n_folds: int, n_sources: int) -> None:
    source = np.unique(np.arange(n) % n_sources, return_inverse=True)[1]
    for known in ({}, {"time": np.arange(n)}, {"source": source}, {"source": source, "time": np.arange(n)}):
        folds = assign_folds(n, n_folds, rng(), **known)
        sizes = np.bincount(folds)
        assert len(folds) == n
        assert 2 <= len(sizes) <= n_folds
        assert (sizes > 0).all()


def test_streams_are_held_out_whole() -> None:
    source = np.repeat([0, 1, 2, 3, 4, 5, 6], [10, 30, 20, 5, 15, 12, 8])
    folds = assign_folds(100, 5, rng(), source=source, time=np.arange(100))
    assert all(len(np.unique(folds[source == stream])) == 1 for stream in range(7))
    assert len(np.unique(folds)) == 5


def test_one_stream_is_held_out_in_blocks_of_time() -> None:
    time = rng().permutation(100)
    folds = assign_folds(100, 5, rng(), source=np.zeros(100, dtype=np.int64), time=time)
    assert (folds[np.argsort(time)] == np.repeat(np.arange(5), 20)).all()


def test_a_stream_with_most_rows_is_cut_in_time() -> None:
    source = np.repeat([0, 1], [90, 10])
    folds = assign_folds(100, 5, rng(), source=source, time=np.arange(100))
    assert np.bincount(folds).tolist() == [20] * 5


def test_rows_of_which_nothing_is_known_are_held_out_at_random() -> None:
    folds = assign_folds(1000, 5, rng())
    assert np.bincount(folds).tolist() == [200] * 5
    assert np.corrcoef(folds, np.arange(1000))[0, 1] == pytest.approx(0, abs=0.1)
    assert (folds == assign_folds(1000, 5, rng())).all()
