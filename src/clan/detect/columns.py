"""From the user's table to rows of numbers, with errors that name the columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.errors import DataError, SchemaError
from clan.schema import GROUPS, IDENTITY, TABLE_PREFIX, Feature, check_columns, features_of, table_feature

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Streams:
    """Where and when each row was seen, where that is known.

    Attributes:
        source: Number of each row's stream. Shape `(n,)`.
        time: Start of each flow in microseconds. Shape `(n,)`.
    """

    source: NDArray[np.int64] | None = None
    time: NDArray[np.int64] | None = None


def is_frame(table: object) -> TypeGuard[pl.DataFrame | pl.LazyFrame]:
    """Whether this is a polars table, which is read by column name."""
    return isinstance(table, (pl.DataFrame, pl.LazyFrame))


def collect(table: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Read a lazy table."""
    return table.collect() if isinstance(table, pl.LazyFrame) else table


def is_flow_table(frame: pl.DataFrame) -> bool:
    """Whether a table has identity columns, so that its other columns are known features."""
    return {"uid", "ts_start"} <= set(frame.columns)


def choose_features(frame: pl.DataFrame) -> tuple[Feature, ...]:
    """Choose the feature columns of a training table.

    A flow table (one with identity columns) gives every feature group that it has in full, and the columns that begin
    with `clan.schema.TABLE_PREFIX` as group `table`; any other table gives all its columns as group `table`.

    Raises:
        SchemaError: A flow table without a full group; a table with columns that are not numbers, or without columns.
    """
    if is_flow_table(frame):
        groups = [name for name, features in GROUPS.items() if {f.name for f in features} <= set(frame.columns)]
        own = tuple(table_feature(name) for name in frame.columns if name.startswith(TABLE_PREFIX))
        if not groups and not own:
            check_columns(frame.columns, GROUPS["flow"], what="this flow table")
        return (*features_of(groups), *own)
    if not frame.columns:
        raise SchemaError("the table has no columns; expected numeric feature columns")
    _refuse_text(frame, frame.columns)
    return tuple(table_feature(name) for name in frame.columns)


def partly_there(frame: pl.DataFrame, chosen: Sequence[Feature]) -> dict[str, list[str]]:
    """Say which feature groups of a flow table are not chosen for a few columns that it lacks.

    Args:
        frame: The table.
        chosen: What `choose_features` chose of it.

    Returns:
        Group to the columns that the table lacks, where it has others that belong to no chosen group. A table that an
        older clan wrote has these.
    """
    if not is_flow_table(frame):
        return {}
    have, used = set(frame.columns), {feature.name for feature in chosen}
    unused = have - used
    groups = {name: [feature.name for feature in features] for name, features in GROUPS.items()}
    return {
        name: [column for column in own if column not in have]
        for name, own in groups.items()
        if not used.issuperset(own) and unused.intersection(own)
    }


def available(frame: pl.DataFrame, features: Sequence[Feature]) -> tuple[tuple[Feature, ...], list[str]]:
    """Split features into those with values and the names of those that are null in every row."""
    nulls = frame.select(f.name for f in features).null_count().row(0)
    empty = {f.name for f, count in zip(features, nulls, strict=True) if count == frame.height}
    return tuple(f for f in features if f.name not in empty), sorted(empty)


def numbers(frame: pl.DataFrame, features: Sequence[Feature], *, what: str) -> Floats:
    """Read feature columns as float64, shape `(n, n_features)`.

    Null in a flow table means "unknown" and becomes NaN; in any other table nobody knows what it means.

    Raises:
        SchemaError: Missing columns, or columns that are not numbers.
        DataError: NaN or infinite values, or null outside a flow table, with their columns and counts.
    """
    check(frame, features, what=what)
    return block(frame, [f.name for f in features], 0, frame.height)


def check(frame: pl.DataFrame, features: Sequence[Feature], *, what: str) -> None:
    """Raise as `numbers` does, without reading the numbers."""
    names = [f.name for f in features]
    check_columns(frame.columns, features, what=what)
    _refuse_text(frame, names)
    _refuse_not_finite(frame.select(names), what, null_is_unknown=is_flow_table(frame))


def block(frame: pl.DataFrame, names: Sequence[str], start: int, stop: int) -> Floats:
    """Read rows start to stop of checked columns as float64; null becomes NaN."""
    return frame[start:stop].select(pl.col(names).cast(pl.Float64)).to_numpy()


def streams(frame: pl.DataFrame) -> Streams:
    """Read where and when the flows of a flow table were seen."""
    source = time = None
    if "source" in frame.columns and frame["source"].null_count() == 0:
        source = frame["source"].rank("dense").cast(pl.Int64).to_numpy() - 1
    if "ts_start" in frame.columns and frame["ts_start"].null_count() == 0 and frame["ts_start"].n_unique() > 1:
        time = frame["ts_start"].dt.timestamp("us").to_numpy()
    return Streams(source=source, time=time)


def _refuse_text(frame: pl.DataFrame, names: Sequence[str]) -> None:
    types = frame.schema
    wrong = [f"{name} ({types[name]})" for name in names if not (types[name].is_numeric() or types[name] == pl.Boolean)]
    if wrong:
        shown = ", ".join(wrong[:8]) + (f" and {len(wrong) - 8} more" if len(wrong) > 8 else "")
        hint = (
            " Identity columns of a flow table are " + ", ".join(IDENTITY) + "." if set(names) & set(IDENTITY) else ""
        )
        raise SchemaError(
            f"expected numeric columns, found {len(wrong)} of other types: {shown}; "
            f"drop them, or turn them into numbers.{hint}"
        )


def _refuse_not_finite(frame: pl.DataFrame, what: str, *, null_is_unknown: bool) -> None:
    finite = (pl.col(name).cast(pl.Float64).is_finite().fill_null(value=null_is_unknown) for name in frame.columns)
    counts = frame.select((~expression).sum() for expression in finite).row(0)
    bad = [f"{name} ({count:,})" for name, count in zip(frame.columns, counts, strict=True) if count]
    if bad:
        shown = ", ".join(bad[:8]) + (f" and {len(bad) - 8} more columns" if len(bad) > 8 else "")
        bad_kinds = "NaN or infinite" if null_is_unknown else "null, NaN or infinite"
        raise DataError(
            f"{what} of {frame.height:,} rows has {bad_kinds} values in: {shown}; "
            "drop those rows or columns, or fill them in (null means that the source cannot tell, so 0 would be wrong)"
        )
