"""From what a record says to a row of the flow table: one way for every source of records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from clan.flows import describe_endpoints
from clan.schema import CARRIED, CONN_MEASURED, CONN_TOLD, IDENTITY, features_of
from clan.sources.conn import complete

LONGEST_US: Final = 100 * 366 * 86_400 * 10**6
"""A longer duration (a hundred years) is no duration."""
LAST_US: Final = 253_402_300_800 * 10**6
"""A time from the year 10000 on is no time."""
MOST: Final = 1 << 53
"""More packets or bytes than this are no count."""

TABLE_SCHEMA: Final[dict[str, Any]] = {**IDENTITY, **CARRIED, **{f.name: f.dtype for f in features_of(["conn"])}}
"""Columns of the tables that sources of records give."""


def checked(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Check what records say of themselves, and write their addresses in one way.

    Args:
        frame: `uid`, `ts_start` and `ts_end` (microseconds since 1970), `src_ip`, `src_port`, `dst_ip`, `dst_port`,
            `protocol`, the measured columns of group `conn`, and any others. `community_id` may be there.

    Returns:
        The rows that hold together, with `community_id` and times as times, and the rows that do not: without uid,
        time or protocol, with something that is no address, or with numbers that cannot be.
    """
    ends = describe_endpoints(frame)
    given = [pl.col("community_id")] if "community_id" in frame.columns else []
    counts = [name for name in (*CONN_MEASURED, *CONN_TOLD) if name in frame.columns]
    frame = frame.with_columns(
        ends["src_ip"], ends["dst_ip"], pl.coalesce(*given, ends["community_id"]).alias("community_id")
    )
    good = frame.select(
        pl.all_horizontal(
            pl.col("uid", "src_ip", "dst_ip").is_not_null(),
            pl.col("ts_start", "ts_end").is_between(0, LAST_US, closed="left"),
            (pl.col("ts_end") - pl.col("ts_start")).is_between(0, LONGEST_US),
            pl.col("protocol").is_between(0, 255),
            pl.col("src_port", "dst_port").is_between(0, 0xFFFF).fill_null(value=True),
            *(pl.col(name).is_between(0, MOST).fill_null(value=True) for name in counts),
        ).fill_null(value=False)
    ).to_series()
    frame = frame.with_columns(pl.col("ts_start", "ts_end").cast(pl.Datetime("us", "UTC")))
    return (frame, frame.clear()) if good.all() else (frame.filter(good), frame.filter(~good))


def flow_table(frame: pl.DataFrame, *, source: str, extra: Mapping[str, pl.DataType] | None = None) -> pl.DataFrame:
    """Make the flow table of records that were checked.

    Args:
        frame: As `checked` gives it; identity and carried columns that are missing become null.
        source: The stream.
        extra: Columns of the frame to keep behind the others.

    Returns:
        The columns of `TABLE_SCHEMA`, then the extra ones.
    """
    missing = {
        name: pl.lit(None, dtype)
        for name, dtype in {**IDENTITY, **CARRIED}.items()
        if name not in frame.columns and name != "source"
    }
    whole = complete(frame.with_columns(source=pl.lit(source), **missing))
    return whole.select(*(pl.col(name).cast(dtype) for name, dtype in TABLE_SCHEMA.items()), *(extra or {}))
