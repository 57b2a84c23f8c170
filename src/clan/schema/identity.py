"""The identity columns of the flow table: who, when, where from. Never a model input."""

from __future__ import annotations

import polars as pl

IDENTITY: dict[str, pl.DataType] = {
    "uid": pl.String(),
    "community_id": pl.String(),
    "ts_start": pl.Datetime("us", "UTC"),
    "ts_end": pl.Datetime("us", "UTC"),
    "src_ip": pl.String(),
    "src_port": pl.Int64(),
    "dst_ip": pl.String(),
    "dst_port": pl.Int64(),
    "protocol": pl.Int64(),
    "source": pl.String(),
}
"""Name to type. `protocol` is the IANA number; ports are null where the protocol has none; `source` is the stream
(the path as it was given) that the flow came from. `uid` is the same for the same packets, run after run."""
