"""CICFlowMeter, with the column names of its first releases and of the later ones.

Its packet lengths are those of the payload, so the bytes from the IP header on are unknown.
"""

from __future__ import annotations

import polars as pl

from clan.sources.tabular.headers.layout import Layout, number, protocol_name, seen, text_clock

_TEXT = frozenset({"flow id", "src ip", "dst ip", "source ip", "destination ip", "external ip", "timestamp", "label"})
_IDENTIFIERS = frozenset(
    {
        "id", "flow id", "src ip", "src port", "dst ip", "dst port", "source ip", "source port", "destination ip",
        "destination port", "external ip", "timestamp", "attempted category", "protocol", "",
    }
)  # fmt: skip


def _when(name: str, duration: str) -> dict[str, pl.Expr]:
    start = text_clock(name)
    return {"ts_start": start, "ts_end": start + pl.duration(microseconds=number(duration))}


NEW = Layout(
    name="cicflowmeter",
    needed=frozenset({"flow duration", "total fwd packet", "total bwd packets", "total length of fwd packet"}),
    columns={
        "src_ip": pl.col("Src IP"),
        "src_port": number("Src Port"),
        "dst_ip": pl.col("Dst IP"),
        "dst_port": number("Dst Port"),
        "protocol": number("Protocol"),
        **_when("Timestamp", "Flow Duration"),
        "conn_duration": number("Flow Duration"),
        "conn_fwd_packets": number("Total Fwd Packet"),
        "conn_bwd_packets": number("Total Bwd packets"),
        "conn_fwd_payload": number("Total Length of Fwd Packet"),
        "conn_bwd_payload": number("Total Length of Bwd Packet"),
        "conn_fwd_rst": seen("Fwd RST Flags"),
        "conn_bwd_rst": seen("Bwd RST Flags"),
    },
    text=_TEXT,
    labels=("label",),
    identifiers=_IDENTIFIERS,
)

OLD = Layout(
    name="cicflowmeter-old",
    needed=frozenset({"flow duration", "total fwd packets", "total backward packets", "init_win_bytes_forward"}),
    columns={
        "src_ip": pl.col("Source IP"),
        "src_port": number("Source Port"),
        "dst_ip": pl.col("Destination IP"),
        "dst_port": number("Destination Port"),
        "protocol": number("Protocol"),
        **_when("Timestamp", "Flow Duration"),
        "conn_duration": number("Flow Duration"),
        "conn_fwd_packets": number("Total Fwd Packets"),
        "conn_bwd_packets": number("Total Backward Packets"),
        "conn_fwd_payload": number("Total Length of Fwd Packets"),
        "conn_bwd_payload": number("Total Length of Bwd Packets"),
    },
    text=_TEXT,
    labels=("label",),
    identifiers=_IDENTIFIERS,
)

PYTHON = Layout(
    name="cicflowmeter-python",
    needed=frozenset({"src_ip", "flow_duration", "tot_fwd_pkts", "tot_bwd_pkts", "totlen_fwd_pkts"}),
    columns={
        "src_ip": pl.col("src_ip"),
        "src_port": number("src_port"),
        "dst_ip": pl.col("dst_ip"),
        "dst_port": number("dst_port"),
        "protocol": protocol_name("protocol"),
        **_when("timestamp", "flow_duration"),
        "conn_duration": number("flow_duration"),
        "conn_fwd_packets": number("tot_fwd_pkts"),
        "conn_bwd_packets": number("tot_bwd_pkts"),
    },
    text=frozenset({"src_ip", "dst_ip", "timestamp", "protocol", "src_mac", "dst_mac", "label"}),
    labels=("label",),
    identifiers=frozenset({"src_ip", "dst_ip", "src_port", "dst_port", "protocol", "timestamp", "src_mac", "dst_mac"}),
)
"""The rewrite in Python; its lengths are those of whole packets with their link header, and are not taken over."""
