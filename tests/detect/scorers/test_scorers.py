"""Every scorer: far is higher than near, rows are scored one by one, and stored arrays have to fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clan.detect.scorers import SCORERS, Scorer, prototypes, scorer_class
from clan.detect.scorers.kmeans import ROWS_PER_CENTER, k_means
from clan.detect.scorers.prototypes import left_out_squared_distance, squared_distance
from clan.errors import ConfigError, UnknownNameError

Array = np.ndarray


def rows(seed: int, n: int = 400, shift: float = 0.0) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, 6)).astype(np.float32) + np.float32(shift)
    z = np.concatenate([np.ones((n, 1)), generator.normal(size=(n, 3)) * 0.1 - shift], axis=1)
    return x, (z / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(params=[*sorted(SCORERS), "feature_neighbours+vmf_mixture"])
def scorer(request: pytest.FixtureRequest) -> Scorer:
    return scorer_class(request.param).fit(*rows(0), seed=0)


def test_far_rows_score_above_near_ones(scorer: Scorer) -> None:
    assert scorer.score(*rows(1, shift=5.0)).min() > scorer.score(*rows(1)).max()


def test_scores_are_finite_for_extreme_rows(scorer: Scorer) -> None:
    x = np.full((2, 6), 1e4, dtype=np.float32)
    z = np.array([[1, 0, 0, 0], [0, 0, 0, 0]], dtype=np.float32)
    assert np.isfinite(scorer.score(x, z)).all()


def test_arrays_and_back_give_the_same_scores(scorer: Scorer) -> None:
    again = type(scorer).from_tensors(scorer.tensors(), n_features=6, dim=4)
    assert (again.score(*rows(2)) == scorer.score(*rows(2))).all()


def test_arrays_that_do_not_fit_are_refused(scorer: Scorer) -> None:
    kind, tensors = type(scorer), scorer.tensors()
    with pytest.raises(ValueError, match=r"expected|holds one array"):
        kind.from_tensors(tensors | {"extra": np.zeros(1, np.float32)}, n_features=6, dim=4)
    with pytest.raises(ValueError, match=r"do not fit|of shape"):
        kind.from_tensors(tensors, n_features=7, dim=5)
    for name in tensors:
        if name.endswith(("features.level", "embedding.level")):
            with pytest.raises(ValueError, match="a quantile, a positive floor"):
                kind.from_tensors(tensors | {name: -np.ones(3, np.float32)}, n_features=6, dim=4)


@given(seed=st.integers(0, 1000))
def test_squared_distance_equals_a_slow_loop(seed: int) -> None:
    generator = np.random.default_rng(seed)
    x, centers = generator.normal(size=(7, 3)).astype(np.float32), generator.normal(size=(4, 3)).astype(np.float32)
    slow = [min(((row - center) ** 2).sum() for center in centers) for row in x]
    assert squared_distance(x, centers) == pytest.approx(np.array(slow), abs=1e-5)


def test_left_out_distance_moves_the_centre_away_from_the_row() -> None:
    x = np.array([[0.0], [2.0], [10.0]], dtype=np.float32)
    centers = np.array([[1.0], [10.0]], dtype=np.float32)
    # without 0 its centre would be 2, and the other way round; 10 is alone and falls to the other centre
    assert left_out_squared_distance(x, centers) == pytest.approx([4.0, 4.0, 81.0])
    assert left_out_squared_distance(x[:2], centers[:1]) == pytest.approx([4.0, 4.0])


def test_left_out_distances_of_many_rows_do_not_depend_on_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    whole = left_out_squared_distance(x, x[:5])
    monkeypatch.setattr(prototypes, "BLOCK", 16)
    assert left_out_squared_distance(x, x[:5]) == pytest.approx(whole, rel=1e-5)


def test_k_means_gives_fewer_centres_than_rows_and_no_repeats() -> None:
    x, _ = rows(0, n=100)
    assert len(k_means(x, 256, seed=0)) == 100 // ROWS_PER_CENTER
    repeated = np.repeat(x[:3], 50, axis=0)
    assert sorted(map(tuple, k_means(repeated, 256, seed=0))) == sorted(map(tuple, x[:3]))
    assert len(k_means(x[:1], 256, seed=0)) == 1


def test_unknown_scorer_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'centroid'"):
        scorer_class("centriod")


def test_a_row_scores_the_same_in_another_place(scorer: Scorer) -> None:
    x, z = rows(3)
    order = np.random.default_rng(0).permutation(len(x))
    assert scorer.score(x[order], z[order]) == pytest.approx(scorer.score(x, z)[order], abs=1e-4)


def test_sum_of_parts_is_prototypes_itself() -> None:
    joined = scorer_class("feature_prototypes+embedding_prototypes").fit(*rows(0), seed=0)
    assert (joined.score(*rows(1)) == SCORERS["prototypes"].fit(*rows(0), seed=0).score(*rows(1))).all()


@pytest.mark.parametrize("name", ["feature_neighbours", "feature_prototypes", "vmf_mixture"])
def test_scores_that_are_added_pass_zero_on_a_twentieth_of_benign_rows(name: str) -> None:
    fitted = SCORERS[name].fit(*rows(0, n=2000), seed=0)
    assert (fitted.score(*rows(1, n=2000)) > 0).mean() == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("centroid+prototypes", "scorer 'centroid' cannot be added in 'centroid.prototypes'; once each of: embedding"),
        ("prototypes+prototypes", "scorer 'prototypes' cannot be added"),
    ],
)
def test_scorers_that_cannot_be_added_are_refused(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        scorer_class(name)


def test_combination_needs_an_encoder_when_a_part_does() -> None:
    assert scorer_class("feature_prototypes+feature_neighbours").needs_encoder is False
    assert scorer_class("feature_prototypes + vmf_mixture").needs_encoder is True
    with pytest.raises(UnknownNameError, match="did you mean 'neighbours'"):
        scorer_class("prototypes+neighbors")
