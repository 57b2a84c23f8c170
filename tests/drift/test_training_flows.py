"""Flows of the training are recognised where they are most of what is scored, and others are not."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from clan.detect.exemplars import Exemplars
from clan.drift.training_flows import TrainingFlows
from clan.schema import table_feature

NAMES = ("bytes", "duration")
FEATURES = tuple(table_feature(name) for name in NAMES)


def flows(n: int = 400, *, seed: int = 0) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    values = {name: generator.lognormal(size=n) for name in NAMES}
    time_us = 1_600_000_000_000_000 + np.arange(n)
    times = pl.Series(time_us).cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame({"uid": [f"C{i}" for i in range(n)], "ts_start": times, **values}).with_columns(
        pl.when(pl.col("bytes") > 3).then(None).otherwise(pl.col("bytes")).alias("bytes")
    )


def model_of(table: pl.DataFrame, *, with_uids: bool) -> TrainingFlows:
    kept = table[::4]
    identity = {"uid": tuple(kept["uid"]), "time_us": tuple(kept["ts_start"].dt.epoch("us"))} if with_uids else {}
    return TrainingFlows(FEATURES, Exemplars(values=kept.select(NAMES).to_numpy(), identity=identity), table.height)


@pytest.mark.parametrize("with_uids", [True, False])
def test_the_training_is_recognised_in_batches_and_other_flows_are_not(with_uids: bool) -> None:
    learnt, same, other = flows(), model_of(flows(), with_uids=with_uids), model_of(flows(), with_uids=with_uids)
    for start in range(0, 400, 90):
        same.update(learnt[start : start + 90])
    assert same.are_most
    assert (same.n_seen, same.n_kept) == (100, 100)
    later = flows(seed=1).with_columns(pl.lit(datetime(2026, 1, 1, tzinfo=UTC)).alias("ts_start"))
    other.update(later)  # uids that are given twice do not make them the same
    assert (other.are_most, other.n_seen) == (False, 0)


def test_a_part_of_the_training_is_recognised_by_uid_and_few_among_many_others_are_not() -> None:
    part, few = model_of(flows(), with_uids=True), model_of(flows(), with_uids=True)
    part.update(flows()[:100])
    assert part.are_most
    few.update(flows()[:100])
    few.update(flows(200, seed=1).with_columns(pl.lit("other").alias("uid")))
    assert not few.are_most


def test_values_that_new_flows_share_do_not_make_them_the_training() -> None:
    model = model_of(flows(), with_uids=False)
    model.update(flows()[:200])
    assert (model.n_seen, model.are_most) == (50, False)


def test_without_kept_flows_or_their_columns_nothing_is_recognised() -> None:
    nothing = TrainingFlows(FEATURES, Exemplars.none(2), 400)
    nothing.update(flows())
    model = model_of(flows(), with_uids=True)
    model.update(flows().drop("uid"))
    assert not nothing.are_most
    assert not model.are_most
