"""Rows that belong together are held out together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clan.calibrate import NEVER, assign_folds


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


def test_the_start_of_a_stream_is_never_held_out_in_blocks_of_time() -> None:
    time = np.arange(100) * 1000
    folds = assign_folds(100, 5, rng(), source=np.zeros(100, dtype=np.int64), time=time, warm_up_us=20_000)
    assert (folds[:20] == NEVER).all()
    assert (folds[20:] == np.repeat(np.arange(5), 16)).all()


def test_every_stream_has_its_own_start() -> None:
    source, time = np.repeat([0, 1], [70, 30]), np.concatenate([np.arange(70), np.arange(30) + 1000])
    folds = assign_folds(100, 3, rng(), source=source, time=time, warm_up_us=10)
    assert np.flatnonzero(folds == NEVER).tolist() == [*range(10), *range(70, 80)]


def test_streams_that_are_held_out_whole_are_so_with_their_start() -> None:
    source, time = np.repeat([0, 1, 2], 10), np.tile(np.arange(10), 3)
    assert NEVER not in assign_folds(30, 3, rng(), source=source, time=time, warm_up_us=5)


@given(n=st.integers(2, 40), n_folds=st.integers(2, 7), warm_up_us=st.integers(0, 50))
def test_a_start_that_is_most_of_the_stream_counts_like_the_rest(n: int, n_folds: int, warm_up_us: int) -> None:
    folds = assign_folds(n, n_folds, rng(), time=np.arange(n), warm_up_us=warm_up_us)
    held = folds[folds != NEVER]
    assert len(held) * 2 > n
    assert (np.bincount(held) > 0).all()
    assert len(np.unique(held)) >= 2 or n == 2
