"""From a flow table to the arrays that the kernel reads."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from clan.context.host_hash import HostHash
from clan.errors import SchemaError

IDENTITY_NEEDED: Final = ("ts_start", "ts_end", "src_ip", "dst_ip", "dst_port", "protocol", "source")
MEASURED: Final = (
    "conn_fwd_packets",
    "conn_bwd_packets",
    "conn_fwd_bytes",
    "conn_bwd_bytes",
    "conn_fwd_syn",
    "conn_bwd_syn",
    "conn_fwd_rst",
    "conn_bwd_rst",
)
_TCP: Final = 6

Ints = npt.NDArray[np.int64]


class Rows(NamedTuple):
    """Flows in their order. Shape `(n,)` unless said otherwise; -1 is unknown."""

    hosts: npt.NDArray[np.uint64]  # (n, 4), two hashes of the source, two of the destination
    service: npt.NDArray[np.uint64]  # port and protocol
    start: Ints  # us
    end: Ints  # us
    usable: npt.NDArray[np.bool_]  # addresses and times are known
    counted: npt.NDArray[np.bool_]  # the flow has ended; an early report looks without being seen
    answered: npt.NDArray[np.int8]  # 0, 1
    reset: npt.NDArray[np.int8]
    refused: npt.NDArray[np.int8]  # 0 where unknown
    tiny: npt.NDArray[np.int8]
    bytes_out: Ints
    bytes_in: Ints

    def part(self, start: int, stop: int) -> Rows:
        """Give the flows from `start` to before `stop`."""
        return Rows._make(column[start:stop] for column in self)


def rows_of(batch: pl.DataFrame, host_hash: HostHash) -> Rows:
    """Read the columns that the context is computed from.

    Raises:
        SchemaError: Columns that are missing.
    """
    missing = [name for name in (*IDENTITY_NEEDED, *MEASURED) if name not in batch.columns]
    if missing:
        raise SchemaError(
            f"group context is computed from columns that this table lacks: {', '.join(missing)}; read it with "
            'clan.read_flows(..., features=("flow", "context"))'
        )
    c = {name.removeprefix("conn_"): pl.col(name) for name in MEASURED}
    tcp = pl.col("protocol") == _TCP
    rst = (c["fwd_rst"] > 0) | (c["bwd_rst"] > 0)
    read = batch.select(
        start=pl.col("ts_start").dt.timestamp("us"),
        end=pl.col("ts_end").dt.timestamp("us"),
        usable=pl.all_horizontal(pl.col("ts_start", "ts_end", "src_ip", "dst_ip").is_not_null()),
        counted=~pl.col("early") if "early" in batch.columns else pl.lit(value=True),
        service=((pl.col("dst_port").fill_null(-1) + 1) * 256 + pl.col("protocol").fill_null(255)).cast(pl.UInt64),
        answered=(c["bwd_packets"] > 0).cast(pl.Int8),
        reset=pl.when(tcp).then(rst).otherwise(rst & pl.lit(value=False)).cast(pl.Int8),
        refused=(tcp & (c["bwd_rst"] > 0) & ~((c["fwd_syn"] > 0) & (c["bwd_syn"] > 0))).cast(pl.Int8).fill_null(0),
        tiny=((c["fwd_packets"] + c["bwd_packets"]) <= 3).cast(pl.Int8),
        bytes_out=c["fwd_bytes"],
        bytes_in=c["bwd_bytes"],
    ).with_columns(
        pl.col("start", "end").fill_null(0), pl.col("answered", "reset", "tiny", "bytes_out", "bytes_in").fill_null(-1)
    )
    columns = {name: np.ascontiguousarray(read[name].to_numpy()) for name in read.columns}
    hosts = np.hstack([host_hash(batch["src_ip"]), host_hash(batch["dst_ip"])])
    return Rows(hosts=np.ascontiguousarray(hosts), **columns)
