"""The `conn` group: what any flow record tells about a conversation, whatever wrote it.

The first part is measured by the source; the second follows from it by `clan.sources.conn.complete`, so that it means
the same everywhere; the third is what only some sources tell. What a source cannot tell is null.
"""

from __future__ import annotations

from clan.schema.conn_words import HISTORY, SERVICES, STATES
from clan.schema.feature import Feature

_ANY = ("packets", "zeek", "suricata", "netflow", "argus", "table")
_WITH_PAYLOAD = ("packets", "zeek", "table")
_WITH_FLAGS = ("packets", "zeek", "suricata", "netflow", "argus", "table")

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

_ZEEK = ("zeek",)
_NAMED = ("zeek", "suricata")
_DNS = "of the dns.log beside; 0 without a query"
_TLS = "of the ssl.log beside; 0 without TLS"
_HTTP = "of the http.log beside; 0 without a request"

_TOLD: tuple[_Row, ...] = (
    ("conn_missed_bytes", "bytes", "int", _ZEEK, "payload that the capture missed; above 0 the bytes are too few"),
    ("conn_flipped", "indicator", "int", _ZEEK, "1 when Zeek turned the direction round (^ in history)"),
    *(
        (
            f"conn_{side}_history_{name}",
            "count",
            "int",
            _ZEEK,
            f"times that history has {what} of the {who}",
        )
        for side, who in (("fwd", "originator"), ("bwd", "responder"))
        for name, what in HISTORY.values()
    ),
    *((f"conn_state_{state.lower()}", "indicator", "int", _ZEEK, f"1 when conn_state is {state}") for state in STATES),
    *(
        (f"conn_service_{name}", "indicator", "int", _NAMED, f"1 when the source recognised {name}")
        for name in SERVICES
    ),
    ("conn_service_other", "indicator", "int", _NAMED, "1 when the source recognised a protocol that has no column"),
    ("conn_dns_queries", "count", "int", _ZEEK, f"queries {_DNS}"),
    ("conn_dns_query_length", "characters", "int", _ZEEK, f"longest name asked for, {_DNS}"),
    ("conn_dns_answers", "count", "int", _ZEEK, f"answers {_DNS}"),
    ("conn_dns_failures", "count", "int", _ZEEK, f"answers with an error code (rcode above 0) {_DNS}"),
    ("conn_tls_version", "version x 10", "int", _ZEEK, f"version agreed on, 13 for TLS 1.3, 3 for SSL 3, {_TLS}"),
    ("conn_tls_established", "indicator", "int", _ZEEK, f"1 when the handshake was completed, {_TLS}"),
    ("conn_tls_resumed", "indicator", "int", _ZEEK, f"1 when a session was resumed, {_TLS}"),
    ("conn_tls_certificates", "count", "int", _ZEEK, f"certificates that the server sent, {_TLS}"),
    ("conn_http_requests", "count", "int", _ZEEK, f"requests {_HTTP}"),
    ("conn_http_unusual_methods", "count", "int", _ZEEK, f"requests other than GET, HEAD and POST {_HTTP}"),
    ("conn_http_posts", "count", "int", _ZEEK, f"POST requests {_HTTP}"),
    ("conn_http_errors", "count", "int", _ZEEK, f"answers with a status of 400 or above {_HTTP}"),
    ("conn_http_request_body", "bytes", "int", _ZEEK, f"bodies of the requests {_HTTP}"),
    ("conn_http_response_body", "bytes", "int", _ZEEK, f"bodies of the answers {_HTTP}"),
)

_LENGTHS = "counted from the link layer, less 14 bytes a packet"
_SAMPLED = ("netflow", "times the sampling rate, where the exporter samples")
_ARGUS_BYTES = ("argus", "counted from the link layer")
_TABLE_BYTES = ("table", "from the IP or the link header, as the tool has it")
_TOOL = ("table", "where the tool writes it, unknown elsewhere")
_STATE = ("argus", "where State lists the flags of each side, unknown elsewhere")
_SEQUENCE = ("zeek", "from sequence numbers; from the IP bytes where Zeek leaves it unset")
_SRC_PKTS = ("argus", "where there is SrcPkts, unknown elsewhere")
_APPROXIMATE: dict[str, tuple[tuple[str, str], ...]] = {
    "conn_duration": (
        ("suricata", "end minus start as Suricata logs them, which cuts flows by its own timeouts"),
        ("netflow", "in milliseconds; parts of a conversation that come 30 s apart are flows of their own"),
        ("argus", "as Argus cuts flows"),
        ("table", "as the tool cuts flows"),
    ),
    "conn_fwd_packets": (_SAMPLED, _SRC_PKTS, _TOOL),
    "conn_bwd_packets": (_SAMPLED, _SRC_PKTS, _TOOL),
    "conn_fwd_bytes": (("suricata", _LENGTHS), _SAMPLED, _ARGUS_BYTES, _TABLE_BYTES),
    "conn_bwd_bytes": (("suricata", _LENGTHS), _SAMPLED, _ARGUS_BYTES, _TABLE_BYTES),
    "conn_fwd_payload": (_SEQUENCE, _TOOL),
    "conn_bwd_payload": (_SEQUENCE, _TOOL),
    **{f"conn_{side}_{flag}": (_STATE, _TOOL) for side in ("fwd", "bwd") for flag in ("syn", "fin", "rst")},
}
"""How some sources tell what they cannot tell exactly."""

_FOLLOWS_FROM: dict[str, tuple[str, ...]] = {
    "conn_fwd_bytes_mean": ("conn_fwd_bytes", "conn_fwd_packets"),
    "conn_bwd_bytes_mean": ("conn_bwd_bytes", "conn_bwd_packets"),
    "conn_bwd_share": ("conn_fwd_bytes", "conn_bwd_bytes"),
    "conn_bytes_per_s": ("conn_fwd_bytes", "conn_bwd_bytes", "conn_duration"),
    "conn_packets_per_s": ("conn_fwd_packets", "conn_bwd_packets", "conn_duration"),
    "conn_answered": ("conn_bwd_packets",),
    "conn_established": ("conn_fwd_syn", "conn_bwd_syn"),
    "conn_refused": ("conn_fwd_syn", "conn_bwd_syn", "conn_bwd_rst"),
}
"""Derived columns whose inputs may be approximate."""


def _approximate(name: str) -> tuple[tuple[str, str], ...]:
    """Say which sources tell a column approximately, and how."""
    inputs: dict[str, list[str]] = {}
    for column in _FOLLOWS_FROM.get(name, ()):
        for source, _ in _APPROXIMATE.get(column, ()):
            inputs.setdefault(source, []).append(column)
    derived = tuple((source, f"follows from {' and '.join(columns)}") for source, columns in inputs.items())
    return _APPROXIMATE.get(name, ()) + derived


CONN_MEASURED: tuple[str, ...] = tuple(row[0] for row in _MEASURED)
"""The columns that every source fills, with null where it cannot tell."""
CONN_TOLD: tuple[str, ...] = tuple(row[0] for row in _TOLD)
"""The columns that only some sources have; they are null in the tables of the others."""

CONN_GROUP: tuple[Feature, ...] = tuple(
    Feature(
        name=name,
        unit=unit,
        integer=kind == "int",
        meaning=meaning,
        group="conn",
        sources=sources,
        approximate=_approximate(name),
    )
    for name, unit, kind, sources, meaning in (*_MEASURED, *_DERIVED, *_TOLD)
)
"""The features of the group: measured, derived, and what only some sources tell."""
