"""UNSW-NB15: the partition, and the raw files, which have no header. Bytes are Argus's, with link headers."""

from __future__ import annotations

import polars as pl

from clan.sources.tabular.headers.layout import Layout, clock, number, protocol_name

RAW_HEADER = tuple(
    """
    srcip sport dstip dsport proto state dur sbytes dbytes sttl dttl sloss dloss service sload dload spkts dpkts
    swin dwin stcpb dtcpb smean dmean trans_depth response_body_len sjit djit stime ltime sinpkt dinpkt tcprtt
    synack ackdat is_sm_ips_ports ct_state_ttl ct_flw_http_mthd is_ftp_login ct_ftp_cmd ct_srv_src ct_srv_dst
    ct_dst_ltm ct_src_ltm ct_src_dport_ltm ct_dst_sport_ltm ct_dst_src_ltm attack_cat label
    """.split()  # noqa: SIM905 - shorter than quotes
)
"""Columns of the raw files, under the partition's names."""

_COLUMNS = {
    "src_ip": pl.col("srcip"),
    "src_port": pl.col("sport").cast(pl.Int64, strict=False),
    "dst_ip": pl.col("dstip"),
    "dst_port": pl.col("dsport").cast(pl.Int64, strict=False),
    "protocol": protocol_name("proto"),
    "ts_start": clock("stime", 1e6),
    "ts_end": clock("ltime", 1e6),
    "conn_duration": number("dur", 1e6),
    "conn_fwd_packets": number("spkts"),
    "conn_bwd_packets": number("dpkts"),
    "conn_fwd_bytes": number("sbytes"),
    "conn_bwd_bytes": number("dbytes"),
}
_TEXT = frozenset({"proto", "service", "state", "srcip", "sport", "dstip", "dsport", "attack_cat"})
_IDENTIFIERS = frozenset({"id", "srcip", "sport", "dstip", "dsport", "stime", "ltime", "proto"})

UNSW_NB15 = Layout(
    name="unsw-nb15",
    needed=frozenset({"spkts", "dpkts", "sbytes", "dbytes", "ct_srv_src", "ct_state_ttl"}),
    columns=_COLUMNS,
    text=_TEXT,
    labels=("attack_cat", "label"),
    identifiers=_IDENTIFIERS,
    header=RAW_HEADER,
)
