"""A lesson keeps its halves apart and takes as many labelled rows as asked."""

from __future__ import annotations

import numpy as np
import polars as pl

from clan.evaluate import Labelled
from clan.evaluate.naming import lesson, without_class


def data() -> Labelled:
    sizes = {"BENIGN": 300, "scan": 120, "flood": 200, "rare": 99}
    labels = np.repeat(list(sizes), list(sizes.values()))
    features = pl.DataFrame({"row": np.arange(1.0, len(labels) + 1), "nothing": np.zeros(len(labels))})
    return Labelled(features=features, labels=pl.Series(labels), benign="BENIGN")


def test_k_rows_of_each_class_from_one_half_and_the_other_to_test() -> None:
    taught = lesson(data(), 70, 0)
    assert dict(zip(*np.unique(taught.y, return_counts=True), strict=True)) == {"BENIGN": 70, "flood": 70, "scan": 60}
    assert dict(zip(*np.unique(taught.y_test, return_counts=True), strict=True)) == {
        "BENIGN": 150,
        "flood": 100,
        "scan": 60,
    }
    assert taught.x.shape[1] == 1
    parts = [set(part[:, 0]) for part in (taught.x, taught.further, taught.x_test)]
    assert len(set.union(*parts)) == sum(map(len, parts)) == 70 + 70 + 60 + 80 + 310
    assert max(taught.further[:, 0]) <= 300
    assert len(taught.unlabelled) == 150


def test_draws_repeat_and_smaller_ones_share_the_halves() -> None:
    first, again, fewer, other = (lesson(data(), k, seed) for k, seed in ((70, 0), (70, 0), (8, 0), (70, 1)))
    assert np.array_equal(first.x, again.x)
    assert np.array_equal(first.x_test, fewer.x_test)
    assert not np.array_equal(first.x_test, other.x_test)


def test_a_class_left_out_is_tested_all_the_same() -> None:
    taught = without_class(lesson(data(), 8, 0), "scan")
    assert set(taught.y) == {"BENIGN", "flood"}
    assert "scan" in set(taught.y_test)
