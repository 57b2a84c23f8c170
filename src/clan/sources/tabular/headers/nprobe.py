"""Flow records of nProbe under their NetFlow names, the form of the "v2" and "v3" sets of NetFlow features."""

from __future__ import annotations

import polars as pl

from clan.sources.tabular.headers.layout import Layout, clock, flag, number

_SIDES = {"fwd": ("IN", "CLIENT_TCP_FLAGS"), "bwd": ("OUT", "SERVER_TCP_FLAGS")}

NPROBE = Layout(
    name="nprobe",
    needed=frozenset({"in_bytes", "in_pkts", "out_bytes", "out_pkts", "l4_dst_port", "protocol"}),
    columns={
        "src_ip": pl.col("IPV4_SRC_ADDR"),
        "src_port": number("L4_SRC_PORT"),
        "dst_ip": pl.col("IPV4_DST_ADDR"),
        "dst_port": number("L4_DST_PORT"),
        "protocol": number("PROTOCOL"),
        "ts_start": clock("FLOW_START_MILLISECONDS", 1000),
        "ts_end": clock("FLOW_END_MILLISECONDS", 1000),
        "conn_duration": number("FLOW_DURATION_MILLISECONDS", 1000),
        **{f"conn_{side}_bytes": number(f"{way}_BYTES") for side, (way, _) in _SIDES.items()},
        **{f"conn_{side}_packets": number(f"{way}_PKTS") for side, (way, _) in _SIDES.items()},
        **{
            f"conn_{side}_{name}": flag(flags, bit)
            for side, (_, flags) in _SIDES.items()
            for name, bit in (("fin", 1), ("syn", 2), ("rst", 4))
        },
    },
    text=frozenset({"ipv4_src_addr", "ipv4_dst_addr", "attack", "dataset"}),
    labels=("attack", "label"),
    identifiers=frozenset(
        {
            "ipv4_src_addr", "l4_src_port", "ipv4_dst_addr", "l4_dst_port", "protocol", "flow_start_milliseconds",
            "flow_end_milliseconds", "dataset",
        }
    ),
)  # fmt: skip
