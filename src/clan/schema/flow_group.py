"""The `flow` group: the 75 numeric LycoSTand columns, computed from packets.

Names, units and meanings are those of the LYCOS-IDS2017 data set (Rosay et al. 2022), so that a model trained on
it and a model trained on a capture speak of the same columns. The default profile computes them for any IP version.
"""

from __future__ import annotations

from clan.schema.feature import Feature

_ROWS: tuple[tuple[str, str, str, str], ...] = (
    ("flow_duration", "us", "int", "last packet minus first packet"),
    (
        "down_up_ratio",
        "ratio",
        "float",
        "backward packets / forward packets; 0 when there is no forward packet",
    ),
    (
        "pkt_len_max",
        "bytes",
        "int",
        "largest transport payload of any packet (payload = IP total length minus IP header minus transport header)",
    ),
    ("pkt_len_min", "bytes", "int", "smallest transport payload"),
    ("pkt_len_mean", "bytes", "float", "mean transport payload"),
    ("pkt_len_var", "bytes^2", "float", "sample variance (n-1) of transport payload; 0 for one packet"),
    ("pkt_len_std", "bytes", "float", "square root of pkt_len_var"),
    (
        "bytes_per_s",
        "bytes/s",
        "float",
        "fwd + bwd payload bytes per second of flow_duration; 0 when the duration is 0",
    ),
    ("pkt_per_s", "packets/s", "float", "fwd + bwd packets per second; 0 when the duration is 0"),
    ("fwd_pkt_per_s", "packets/s", "float", "forward packets per second; 0 when the duration is 0"),
    ("bwd_pkt_per_s", "packets/s", "float", "backward packets per second; 0 when the duration is 0"),
    ("fwd_pkt_cnt", "packets", "int", "forward packets"),
    ("fwd_pkt_len_tot", "bytes", "int", "sum of forward payload"),
    ("fwd_pkt_len_max", "bytes", "int", "largest forward payload"),
    ("fwd_pkt_len_min", "bytes", "int", "smallest forward payload"),
    ("fwd_pkt_len_mean", "bytes", "float", "mean forward payload"),
    ("fwd_pkt_len_std", "bytes", "float", "sample standard deviation of forward payload"),
    (
        "fwd_pkt_hdr_len_tot",
        "bytes",
        "int",
        "sum of forward transport header lengths (TCP data offset x 4; UDP 8; ICMP 8; IGMP 8; SCTP 12)",
    ),
    ("fwd_pkt_hdr_len_min", "bytes", "int", "smallest forward transport header"),
    ("fwd_non_empty_pkt_cnt", "packets", "int", "forward packets with payload > 0"),
    ("bwd_pkt_cnt", "packets", "int", "backward packets"),
    ("bwd_pkt_len_tot", "bytes", "int", "sum of backward payload"),
    ("bwd_pkt_len_max", "bytes", "int", "largest backward payload"),
    ("bwd_pkt_len_min", "bytes", "int", "smallest backward payload"),
    ("bwd_pkt_len_mean", "bytes", "float", "mean backward payload"),
    ("bwd_pkt_len_std", "bytes", "float", "sample standard deviation of backward payload"),
    ("bwd_pkt_hdr_len_tot", "bytes", "int", "sum of backward transport header lengths"),
    ("bwd_pkt_hdr_len_min", "bytes", "int", "smallest backward transport header"),
    ("bwd_non_empty_pkt_cnt", "packets", "int", "backward packets with payload > 0"),
    (
        "iat_max",
        "us",
        "int",
        "largest gap between consecutive packets of the flow; all iat columns are 0 with fewer than two packets",
    ),
    ("iat_min", "us", "int", "smallest gap"),
    ("iat_mean", "us", "float", "mean gap"),
    ("iat_std", "us", "float", "sample standard deviation of the gaps"),
    ("fwd_iat_tot", "us", "int", "sum of gaps between consecutive forward packets"),
    ("fwd_iat_max", "us", "int", "largest forward gap"),
    ("fwd_iat_min", "us", "int", "smallest forward gap"),
    ("fwd_iat_mean", "us", "float", "mean forward gap"),
    ("fwd_iat_std", "us", "float", "sample standard deviation of forward gaps"),
    ("bwd_iat_tot", "us", "int", "sum of gaps between consecutive backward packets"),
    ("bwd_iat_max", "us", "int", "largest backward gap"),
    ("bwd_iat_min", "us", "int", "smallest backward gap"),
    ("bwd_iat_mean", "us", "float", "mean backward gap"),
    ("bwd_iat_std", "us", "float", "sample standard deviation of backward gaps"),
    (
        "active_max",
        "us",
        "int",
        "longest active period; a period ends when the gap to the next packet exceeds 5 s; "
        "all active and idle columns are 0 when no gap exceeds 5 s; a period of length 0 is "
        "not counted",
    ),
    ("active_min", "us", "int", "shortest active period"),
    ("active_mean", "us", "float", "mean active period"),
    ("active_std", "us", "float", "sample standard deviation of active periods"),
    ("idle_max", "us", "int", "longest gap above 5 s"),
    ("idle_min", "us", "int", "shortest gap above 5 s"),
    ("idle_mean", "us", "float", "mean gap above 5 s"),
    ("idle_std", "us", "float", "sample standard deviation of gaps above 5 s"),
    ("flag_SYN", "packets", "int", "packets with SYN; all flag columns are 0 for other protocols than TCP"),
    ("flag_fin", "packets", "int", "packets with FIN"),
    ("flag_rst", "packets", "int", "packets with RST"),
    ("flag_ack", "packets", "int", "packets with ACK"),
    ("flag_psh", "packets", "int", "packets with PSH"),
    ("fwd_flag_psh", "packets", "int", "forward packets with PSH"),
    ("bwd_flag_psh", "packets", "int", "backward packets with PSH"),
    ("flag_urg", "packets", "int", "packets with URG"),
    ("fwd_flag_urg", "packets", "int", "forward packets with URG"),
    ("bwd_flag_urg", "packets", "int", "backward packets with URG"),
    ("flag_cwr", "packets", "int", "packets with CWR"),
    ("flag_ece", "packets", "int", "packets with ECE"),
    (
        "fwd_bulk_bytes_mean",
        "bytes",
        "float",
        "mean payload per forward bulk; a bulk is 4 or more packets with payload in one "
        "direction with no payload-bearing packet of the other direction between them and no "
        "gap above 1 s",
    ),
    ("fwd_bulk_pkt_mean", "packets", "float", "mean packets per forward bulk"),
    (
        "fwd_bulk_rate_mean",
        "bytes/s",
        "float",
        "payload of all forward bulks / their summed duration; 0 when that is 0",
    ),
    ("bwd_bulk_bytes_mean", "bytes", "float", "mean payload per backward bulk"),
    ("bwd_bulk_pkt_mean", "packets", "float", "mean packets per backward bulk"),
    ("bwd_bulk_rate_mean", "bytes/s", "float", "payload of all backward bulks / their summed duration"),
    (
        "fwd_subflow_bytes_mean",
        "bytes",
        "float",
        "forward payload / number of subflows; a new subflow starts after a gap above 1 s",
    ),
    ("fwd_subflow_pkt_mean", "packets", "float", "forward packets / number of subflows"),
    ("bwd_subflow_bytes_mean", "bytes", "float", "backward payload / number of subflows"),
    ("bwd_subflow_pkt_mean", "packets", "float", "backward packets / number of subflows"),
    (
        "fwd_tcp_init_win_bytes",
        "bytes",
        "int",
        "TCP window of the first forward packet; -1 for other protocols; 0 when no forward packet was seen",
    ),
    (
        "bwd_tcp_init_win_bytes",
        "bytes",
        "int",
        "TCP window of the first backward packet; -1 for other protocols or when no backward packet was seen",
    ),
)

FLOW_GROUP: tuple[Feature, ...] = tuple(
    Feature(name=name, unit=unit, integer=kind == "int", meaning=meaning, group="flow", sources=("packets",))
    for name, unit, kind, meaning in _ROWS
)
"""The 75 features in the order of the original extractor's columns."""
