"""LycoSTand: the columns of group `flow` under their own names."""

from __future__ import annotations

import polars as pl

from clan.schema import features_of
from clan.sources.tabular.headers.layout import Layout, clock, number

LYCOSTAND = Layout(
    name="lycostand",
    needed=frozenset({"flow_duration", "fwd_pkt_cnt", "bwd_pkt_cnt", "fwd_bulk_bytes_mean", "src_addr", "dst_addr"}),
    columns={
        "src_ip": pl.col("src_addr"),
        "src_port": number("src_port"),
        "dst_ip": pl.col("dst_addr"),
        "dst_port": number("dst_port"),
        "protocol": number("ip_prot"),
        "ts_start": clock("timestamp"),
        "ts_end": clock("timestamp") + pl.duration(microseconds=number("flow_duration")),
        "conn_duration": number("flow_duration"),
        "conn_fwd_packets": number("fwd_pkt_cnt"),
        "conn_bwd_packets": number("bwd_pkt_cnt"),
        "conn_fwd_payload": number("fwd_pkt_len_tot"),
        "conn_bwd_payload": number("bwd_pkt_len_tot"),
        **{feature.name: pl.col(feature.name) for feature in features_of(["flow"])},
    },
    text=frozenset({"flow_id", "src_addr", "dst_addr", "label"}),
    labels=("label",),
    identifiers=frozenset({"flow_id", "src_addr", "src_port", "dst_addr", "dst_port", "ip_prot", "timestamp"}),
    groups=("flow",),
)
