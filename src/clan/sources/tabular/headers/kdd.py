"""The columns of KDD Cup 99 and its descendants, whose files have no header."""

from __future__ import annotations

from clan.sources.tabular.headers.layout import Layout, number, protocol_name

HEADER = tuple(
    """
    duration protocol_type service flag src_bytes dst_bytes land wrong_fragment urgent hot num_failed_logins
    logged_in num_compromised root_shell su_attempted num_root num_file_creations num_shells num_access_files
    num_outbound_cmds is_host_login is_guest_login count srv_count serror_rate srv_serror_rate rerror_rate
    srv_rerror_rate same_srv_rate diff_srv_rate srv_diff_host_rate dst_host_count dst_host_srv_count
    dst_host_same_srv_rate dst_host_diff_srv_rate dst_host_same_src_port_rate dst_host_srv_diff_host_rate
    dst_host_serror_rate dst_host_srv_serror_rate dst_host_rerror_rate dst_host_srv_rerror_rate label difficulty
    """.split()  # noqa: SIM905 - shorter than quotes
)

KDD = Layout(
    name="kdd",
    needed=frozenset({"protocol_type", "src_bytes", "dst_bytes", "srv_count", "dst_host_srv_count"}),
    columns={
        "protocol": protocol_name("protocol_type"),
        "conn_duration": number("duration", 1e6),
        "conn_fwd_payload": number("src_bytes"),
        "conn_bwd_payload": number("dst_bytes"),
    },
    text=frozenset({"protocol_type", "service", "flag", "label", "class", "labels"}),
    labels=("label", "class", "labels"),
    identifiers=frozenset({"difficulty", "difficulty_level", "protocol_type"}),
    header=HEADER,
)
