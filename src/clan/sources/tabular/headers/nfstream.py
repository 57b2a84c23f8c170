"""nfstream. Its bytes are those of the link layer, unless `accounting_mode` says otherwise; the table does not tell."""

from __future__ import annotations

import polars as pl

from clan.sources.tabular.headers.layout import Layout, clock, number, seen

_SIDES = {"fwd": "src2dst", "bwd": "dst2src"}

NFSTREAM = Layout(
    name="nfstream",
    needed=frozenset({"src_ip", "bidirectional_first_seen_ms", "src2dst_packets", "dst2src_packets"}),
    columns={
        "src_ip": pl.col("src_ip"),
        "src_port": number("src_port"),
        "dst_ip": pl.col("dst_ip"),
        "dst_port": number("dst_port"),
        "protocol": number("protocol"),
        "ts_start": clock("bidirectional_first_seen_ms", 1000),
        "ts_end": clock("bidirectional_last_seen_ms", 1000),
        "conn_duration": number("bidirectional_duration_ms", 1000),
        **{f"conn_{ours}_packets": number(f"{theirs}_packets") for ours, theirs in _SIDES.items()},
        **{f"conn_{ours}_bytes": number(f"{theirs}_bytes") for ours, theirs in _SIDES.items()},
        **{
            f"conn_{ours}_{flag}": seen(f"{theirs}_{flag}_packets")
            for ours, theirs in _SIDES.items()
            for flag in ("syn", "fin", "rst")
        },
    },
    text=frozenset(
        {
            "src_ip", "dst_ip", "src_mac", "dst_mac", "src_oui", "dst_oui", "application_name", "label",
            "application_category_name", "requested_server_name", "client_fingerprint", "server_fingerprint",
            "user_agent", "content_type", "system_process_name",
        }
    ),
    labels=("label",),
    identifiers=frozenset(
        {
            "id", "expiration_id", "src_ip", "src_mac", "src_oui", "src_port", "dst_ip", "dst_mac", "dst_oui",
            "dst_port", "protocol", "vlan_id", "tunnel_id", "bidirectional_first_seen_ms",
            "bidirectional_last_seen_ms", "src2dst_first_seen_ms", "src2dst_last_seen_ms", "dst2src_first_seen_ms",
            "dst2src_last_seen_ms", "system_process_pid", "ip_version",
        }
    ),
)  # fmt: skip
