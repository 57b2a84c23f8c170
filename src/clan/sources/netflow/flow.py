"""Joined records as rows of the flow table."""

from __future__ import annotations

import polars as pl

from clan.flows import identify
from clan.schema import CARRIED, ICMP, IDENTITY, WITH_PORTS
from clan.sources.conn import complete

_FLAGS = {"fin": 0x01, "syn": 0x02, "rst": 0x04}


def to_flows(joined: pl.DataFrame, source: str) -> pl.DataFrame:
    """Make flows of joined records.

    Args:
        joined: As `clan.sources.netflow.join.join` gives them.
        source: The stream's name.

    Returns:
        The columns of `clan.schema.IDENTITY` and `CARRIED`, then group `conn`, in order of (`ts_end`, `uid`); payload
        bytes are null, since no record tells them.
    """
    columns = {name: joined[name].to_numpy() for name in _ENDS}
    who = identify(columns, joined["start"].to_numpy(), joined["order"].to_numpy())
    has_ports = pl.col("protocol").is_in([*WITH_PORTS, *ICMP])
    identity = {
        "ts_start": pl.col("start").cast(pl.Datetime("us", "UTC")),
        "ts_end": pl.col("end").cast(pl.Datetime("us", "UTC")),
        "src_port": pl.when(has_ports).then("src_port"),
        "dst_port": pl.when(has_ports).then("dst_port"),
        "source": pl.lit(source),
        "vlan": pl.when(pl.col("vlan") > 0).then(pl.col("vlan").cast(pl.String)),
        "tunnel": pl.lit(None),
    }
    tcp = pl.col("protocol") == 6
    measured: dict[str, pl.Expr] = {
        "conn_duration": pl.col("end") - pl.col("start"),
        "conn_fwd_packets": pl.col("packets"),
        "conn_bwd_packets": pl.col("back_packets"),
        "conn_fwd_bytes": pl.col("bytes"),
        "conn_bwd_bytes": pl.col("back_bytes"),
        "conn_fwd_payload": pl.lit(None, pl.Int64),
        "conn_bwd_payload": pl.lit(None, pl.Int64),
    }
    for side, column in (("fwd", "flags"), ("bwd", "back_flags")):
        for flag, bit in _FLAGS.items():
            seen = ((pl.col(column) & bit) != 0).cast(pl.Int64)
            measured[f"conn_{side}_{flag}"] = pl.when(tcp).then(seen).otherwise(0)
    frame = joined.hstack(who).with_columns(**identity, **measured)
    said = [pl.lit(None, dtype).alias(name) for name, dtype in CARRIED.items()]
    flows = frame.select(*(pl.col(name).cast(dtype) for name, dtype in IDENTITY.items()), *said, *measured)
    return complete(flows.sort("ts_end", "uid"))


_ENDS = ("src_hi", "src_lo", "dst_hi", "dst_lo", "version", "src_port", "dst_port", "protocol")
