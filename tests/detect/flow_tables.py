"""Small flow tables for the tests of this room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from clan.schema import GROUPS


def flow_table(n: int = 300, *, seed: int = 0, hours: float = 24.0, sources: int = 1) -> pl.DataFrame:
    """Benign flows in order of time, spread evenly over some hours."""
    generator = np.random.default_rng(seed)
    start = [datetime(2024, 5, 1, tzinfo=UTC) + timedelta(hours=hours * i / n) for i in range(n)]
    identity = {
        "uid": [f"C{i:05d}" for i in range(n)],
        "ts_start": start,
        "ts_end": [t + timedelta(hours=hours / n) for t in start],
        "source": [f"{i * sources // n}.pcap" for i in range(n)],
    }
    features = {
        f.name: generator.lognormal(3.0, 0.5, n).round().astype(np.int64)
        if f.integer
        else generator.lognormal(3.0, 0.5, n)
        for f in GROUPS["flow"]
    }
    return pl.DataFrame({**identity, **features}).with_columns(
        pl.col("ts_start", "ts_end").cast(pl.Datetime("us", "UTC"))
    )
