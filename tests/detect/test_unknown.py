"""Learnt features that no flow knows are found, and nothing else is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from clan.detect.exemplars import Exemplars
from clan.detect.unknown import FEWEST, UnknownFeatures
from clan.schema import table_feature

FEATURES = tuple(table_feature(name) for name in ("bytes", "rare", "duration"))


def found(*tables: pl.DataFrame) -> UnknownFeatures:
    values = np.ones((100, 3))
    values[:60, 1] = np.nan  # most benign flows do not know the second one
    unknown = UnknownFeatures(FEATURES, Exemplars(values=values, identity={}))
    for table in tables:
        unknown.update(table)
    return unknown


def table(n: int, **columns: float | None) -> pl.DataFrame:
    usual = {"bytes": 1.0, "rare": 1.0, "duration": 1.0, **columns}
    return pl.DataFrame({name: pl.Series([value] * n, dtype=pl.Float64) for name, value in usual.items()})


def test_what_is_null_in_every_row_and_usually_known_is_named_with_what_to_do() -> None:
    unknown = found(table(30, duration=None, rare=None), table(30, duration=None, rare=None))
    assert unknown.names == ("duration",)
    assert "1 of the 3 features that the model learnt are unknown in all 60 flows (duration)" in unknown.sentence
    assert "not comparable" in unknown.sentence


@pytest.mark.parametrize(
    "tables",
    [
        [table(30, rare=None)],
        [table(30, duration=None), table(1)],
        [table(1), table(30, duration=None)],
        [table(FEWEST - 1, duration=None)],
        [table(30, duration=None).clear()],
        [],
    ],
)
def test_what_some_row_knows_and_what_few_rows_say_is_not(tables: list[pl.DataFrame]) -> None:
    unknown = found(*tables)
    assert (unknown.names, unknown.sentence) == ((), "")


def test_without_exemplars_nothing_is_known_of_what_is_usual() -> None:
    unknown = UnknownFeatures(FEATURES, Exemplars.none(3))
    unknown.update(table(50, duration=None))
    assert unknown.names == ()
