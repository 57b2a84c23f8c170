"""The `conn` group: what any flow record tells about a conversation, whatever wrote it.

The first part is measured by the source; the second follows from it by `clan.sources.conn.complete`, so that it means
the same everywhere. What a source cannot tell is null.
"""

from __future__ import annotations

from clan.schema.feature import Feature

_ANY = ("packets", "zeek", "suricata", "netflow", "argus", "table")
_WITH_PAYLOAD = ("packets", "zeek")
_WITH_FLAGS = ("packets", "zeek", "suricata", "netflow", "argus")

_Row = tuple[str, str, str, tuple[str, ...], str]

_MEASURED: tuple[_Row, ...] = (
    ("conn_duration", "us", "int", _ANY, "last packet minus first packet"),
    ("conn_fwd_packets", "packets", "int", _ANY, "packets from the side that opened the conversation"),
    ("conn_bwd_packets", "packets", "int", _ANY, "packets from the other side"),
    ("conn_fwd_bytes", "bytes", "int", _ANY, "forward bytes from the IP header on"),
    ("conn_bwd_bytes", "bytes", "int", _ANY, "backward bytes from the IP header on"),
    ("conn_fwd_payload", "bytes", "int", _WITH_PAYLOAD, "forward bytes behind the transport header"),
    ("conn_bwd_payload", "bytes", "int", _WITH_PAYLOAD, "backward bytes behind the transport header"),
    ("conn_fwd_syn", "indicator", "int", _WITH_FLAGS, "1 when a forward packet carried SYN; 0 for other protocols"),
    ("conn_bwd_syn", "indicator", "int", _WITH_FLAGS, "1 when a backward packet carried SYN"),
    ("conn_fwd_fin", "indicator", "int", _WITH_FLAGS, "1 when a forward packet carried FIN"),
    ("conn_bwd_fin", "indicator", "int", _WITH_FLAGS, "1 when a backward packet carried FIN"),
    ("conn_fwd_rst", "indicator", "int", _WITH_FLAGS, "1 when a forward packet carried RST"),
    ("conn_bwd_rst", "indicator", "int", _WITH_FLAGS, "1 when a backward packet carried RST"),
)

_DERIVED: tuple[_Row, ...] = (
    ("conn_tcp", "indicator", "int", _ANY, "1 for TCP (protocol 6)"),
    ("conn_udp", "indicator", "int", _ANY, "1 for UDP (protocol 17)"),
    ("conn_icmp", "indicator", "int", _ANY, "1 for ICMP and ICMPv6 (protocols 1 and 58)"),
    ("conn_fwd_bytes_mean", "bytes", "float", _ANY, "forward bytes a packet; 0 without a forward packet"),
    ("conn_bwd_bytes_mean", "bytes", "float", _ANY, "backward bytes a packet; 0 without a backward packet"),
    ("conn_bwd_share", "ratio", "float", _ANY, "backward bytes of all bytes; 0 when there are none"),
    ("conn_bytes_per_s", "bytes/s", "float", _ANY, "bytes of both sides a second; 0 when the duration is 0"),
    ("conn_packets_per_s", "packets/s", "float", _ANY, "packets of both sides a second; 0 when the duration is 0"),
    ("conn_answered", "indicator", "int", _ANY, "1 when the other side sent a packet"),
    (
        "conn_established",
        "indicator",
        "int",
        _WITH_FLAGS,
        "1 when both sides agreed to talk: SYN both ways for TCP, an answer for other protocols",
    ),
    (
        "conn_refused",
        "indicator",
        "int",
        _WITH_FLAGS,
        "1 when a TCP conversation that was not established met a RST of the other side",
    ),
)

CONN_MEASURED: tuple[str, ...] = tuple(row[0] for row in _MEASURED)
"""The columns that a source fills; the rest of the group follows from them and from `protocol`."""

CONN_GROUP: tuple[Feature, ...] = tuple(
    Feature(name=name, unit=unit, integer=kind == "int", meaning=meaning, group="conn", sources=sources)
    for name, unit, kind, sources, meaning in (*_MEASURED, *_DERIVED)
)
"""The features of the group, measured ones first."""
