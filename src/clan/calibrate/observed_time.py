"""How long the flows were watched: the denominator of alerts a day."""

from __future__ import annotations

import polars as pl

GAP_S = 3600
"""A silence longer than this counts as not observed."""

DAY_S = 86_400


def observed_days(flows: pl.DataFrame) -> float | None:
    """Measure the union of the time that the flows cover, with gaps above an hour left out.

    Args:
        flows: A flow table with `ts_start` and `ts_end`, in any order; rows without times are passed over.

    Returns:
        Days, > 0; None when no time was covered (no time columns, all null, or a single instant).

    Example:
        >>> from datetime import datetime
        >>> times = [datetime(2017, 7, 3, 8), datetime(2017, 7, 3, 9), datetime(2017, 7, 3, 20)]
        >>> observed_days(pl.DataFrame({"ts_start": times, "ts_end": times})) == 1 / 24
        True
    """
    if not {"ts_start", "ts_end"} <= set(flows.columns):
        return None
    spans = (
        flows.select(start=pl.col("ts_start").dt.timestamp("us"), end=pl.col("ts_end").dt.timestamp("us"))
        .drop_nulls()
        .sort("start")
        .with_columns(reached=pl.col("end").cum_max())  # the latest time covered so far
    )
    if spans.height == 0:
        return None
    covered = pl.col("reached") - pl.max_horizontal(pl.col("start"), pl.col("reached").shift(1))
    silence = (pl.col("start") - pl.col("reached").shift(1)).fill_null(0)
    total_us = spans.select(
        pl.max_horizontal(covered.fill_null(pl.col("end") - pl.col("start")), pl.lit(0)).sum()
        + pl.when((silence > 0) & (silence <= GAP_S * 1_000_000)).then(silence).otherwise(0).sum()
    ).item()
    return float(total_us) / (DAY_S * 1e6) if total_us > 0 else None
