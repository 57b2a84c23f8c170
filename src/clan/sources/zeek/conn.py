"""`conn.log`: its columns, and what they say in the words of group `conn`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from clan.schema import HISTORY, STATES
from clan.sources.records import by_word, service_columns

TEXT, WHOLE, REAL = pl.String(), pl.Int64(), pl.Float64()

CONN_FIELDS: Final[Mapping[str, Any]] = {
    "ts": REAL,
    "uid": TEXT,
    "id.orig_h": TEXT,
    "id.orig_p": WHOLE,
    "id.resp_h": TEXT,
    "id.resp_p": WHOLE,
    "proto": TEXT,
    "ip_proto": WHOLE,
    "service": TEXT,
    "duration": REAL,
    "orig_bytes": WHOLE,
    "resp_bytes": WHOLE,
    "conn_state": TEXT,
    "missed_bytes": WHOLE,
    "history": TEXT,
    "orig_pkts": WHOLE,
    "orig_ip_bytes": WHOLE,
    "resp_pkts": WHOLE,
    "resp_ip_bytes": WHOLE,
    "vlan": WHOLE,
    "inner_vlan": WHOLE,
    "community_id": TEXT,
    "label": TEXT,
    "detailedlabel": TEXT,
    "detailed-label": TEXT,
}
"""Columns that are taken, with their types.

Source: Zeek, base/protocols/conn/main.zeek and the policy scripts that add VLANs and community IDs; label columns as
the data sets of the Stratosphere Laboratory have them.
"""

NEEDED: Final = ("ts", "uid", "id.orig_h", "id.resp_h", "proto")
"""Without these a line is no record of a connection."""

_PROTOCOLS: Final = {"tcp": 6, "udp": 17, "icmp": 1}
_UNKNOWN: Final = 255
"""IANA's reserved number, for `unknown_transport` of a Zeek that does not log the number."""
_HEADERS: Final = {6: 20, 17: 8, 1: 8, 58: 8}
"""Bytes of the transport header, where payload is told from IP bytes."""
_FLAG_SEEN: Final = {
    f"conn_{side}_{flag}": pl.any_horizontal(
        pl.col("word").str.contains(letter if side == "bwd" else letter.upper(), literal=True) for letter in letters
    )
    for flag, letters in (("syn", "sh"), ("fin", "f"), ("rst", "r"))
    for side in ("fwd", "bwd")
}
"""Whether a side sent a flag, by the letters of the history."""


def measured(frame: pl.DataFrame, names: frozenset[str] | None) -> pl.DataFrame:
    """Say in the words of the flow table what connections are.

    Args:
        frame: Columns of `CONN_FIELDS`.
        names: Columns that the log has; None where it is JSON, which leaves out what is not set.

    Returns:
        The columns that `clan.sources.records.checked` asks for, and the words of Zeek (`history`, `conn_state`,
        `service`), null where the log lacks the column and empty where a line does not set it.
    """

    def has(name: str) -> bool:
        return names is None or name in names

    # What is no number must not become the number of something that is unset; `checked` refuses what is below 0.
    start, length = (
        (pl.col(name).fill_nan(-1.0).clip(-1.0, 1e12) * 1e6).round().cast(pl.Int64) for name in ("ts", "duration")
    )
    length = length.fill_null(0)
    frame = frame.with_columns(
        _protocol(),
        *(pl.col(name).fill_null("") for name in ("history", "conn_state", "service") if has(name)),
        *(pl.col(name).fill_null(0) for name in ("missed_bytes",) if has(name)),
    ).pipe(by_word, "history", _FLAG_SEEN)
    duration = length if has("duration") else pl.lit(None, pl.Int64())
    return frame.select(
        "uid",
        "community_id",
        ts_start=start,
        ts_end=start + duration.fill_null(0),
        src_ip="id.orig_h",
        src_port="id.orig_p",
        dst_ip="id.resp_h",
        dst_port="id.resp_p",
        protocol="protocol",
        vlan=pl.concat_str(pl.col("vlan", "inner_vlan").cast(pl.String()), separator=".", ignore_nulls=True).replace(
            "", None
        ),
        label="label",
        label_detail=pl.coalesce("detailedlabel", "detailed-label"),
        conn_duration=duration,
        conn_fwd_packets="orig_pkts",
        conn_bwd_packets="resp_pkts",
        conn_fwd_bytes="orig_ip_bytes",
        conn_bwd_bytes="resp_ip_bytes",
        conn_fwd_payload=_payload("orig", has=has),
        conn_bwd_payload=_payload("resp", has=has),
        **{
            name: pl.when(pl.col("protocol") == 6).then(name).when(pl.col("history").is_not_null()).then(0)
            for name in _FLAG_SEEN
        },
        conn_missed_bytes="missed_bytes",
        history="history",
        conn_state="conn_state",
        service="service",
        **({"record": "record", "record_header": "record_header"} if "record" in frame.columns else {}),
    )


def _protocol() -> pl.Expr:
    """Give the IANA number of the protocol; ICMP is told from ICMPv6 by its addresses."""
    named = pl.col("proto").replace_strict(_PROTOCOLS, default=None, return_dtype=pl.Int64())
    v6 = pl.col("id.orig_h").str.contains(":", literal=True)
    known = pl.when((named == 1) & v6).then(58).otherwise(named)
    number = pl.coalesce(known, pl.col("ip_proto"), pl.lit(_UNKNOWN))
    return pl.when(pl.col("proto").is_not_null()).then(number).cast(pl.Int64).alias("protocol")


def _payload(side: str, *, has: Any) -> pl.Expr:
    """Give payload bytes: as logged, from the IP bytes where they are unset, 0 where these are none either."""
    if not has(f"{side}_bytes"):
        return pl.lit(None, pl.Int64())
    network = pl.when(pl.col("id.orig_h").str.contains(":", literal=True)).then(40).otherwise(20)
    transport = pl.col("protocol").replace_strict(_HEADERS, default=0, return_dtype=pl.Int64())
    counted = pl.col(f"{side}_ip_bytes") - pl.col(f"{side}_pkts") * (network + transport)
    # A TCP connection whose payload is unset has sent none: its headers have options, which are no payload.
    derived = pl.when(pl.col("protocol") == 6).then(0).otherwise(counted.clip(0).fill_null(0))
    return pl.coalesce(pl.col(f"{side}_bytes"), derived)


def told(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn the words of Zeek into named counts and indicators, and leave the words away."""
    return (
        by_word(frame, "history", _history_columns())
        .pipe(by_word, "conn_state", {f"conn_state_{s.lower()}": pl.col("word") == s for s in STATES})
        .pipe(by_word, "service", service_columns())
        .drop("history", "conn_state", "service")
    )


def _history_columns() -> dict[str, pl.Expr]:
    """Count each letter of a history, capitals for the originator."""
    counts = {"conn_flipped": pl.col("word").str.contains("^", literal=True)}
    for side in ("fwd", "bwd"):
        for letter, (name, _) in HISTORY.items():
            found = pl.col("word").str.count_matches(letter.upper() if side == "fwd" else letter, literal=True)
            counts[f"conn_{side}_history_{name}"] = found
    return counts
