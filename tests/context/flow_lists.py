"""Small flow tables for the tests of the context."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from clan.context.rows import MEASURED
from clan.schema import IDENTITY

EPOCH = datetime(2024, 5, 1, tzinfo=UTC)


def table(flows: Sequence[dict[str, Any]], *, early: bool = False) -> pl.DataFrame:
    """Make a flow table; each flow gives `end_s` and what of the rest matters."""
    rows = []
    for n, flow in enumerate(flows):
        end = EPOCH + timedelta(microseconds=round(flow["end_s"] * 1e6))
        start = end - timedelta(microseconds=round(flow.get("lasts_s", 0.0) * 1e6))
        measured = {name: flow.get(name.removeprefix("conn_"), 1) for name in MEASURED}
        rows.append(
            dict.fromkeys(IDENTITY)
            | {
                "uid": f"{n:04}",
                "ts_start": flow.get("ts_start", start),
                "ts_end": flow.get("ts_end", end),
                "src_ip": flow.get("src", "10.0.0.1"),
                "dst_ip": flow.get("dst", "10.0.0.2"),
                "dst_port": flow.get("port", 80),
                "protocol": flow.get("protocol", 6),
                "source": flow.get("source", "a.pcap"),
            }
            | measured
            | ({"early": flow.get("early", False)} if early else {})
        )
    schema = {**IDENTITY, **dict.fromkeys(MEASURED, pl.Int64()), **({"early": pl.Boolean()} if early else {})}
    return pl.DataFrame(rows, schema=schema)
