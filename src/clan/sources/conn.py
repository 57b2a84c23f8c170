"""From what a source measured to the whole `conn` group: one arithmetic for every source."""

from __future__ import annotations

import polars as pl

from clan.errors import SchemaError
from clan.schema import CONN_MEASURED, CONN_TOLD, features_of

_TCP, _UDP, _ICMP, _ICMP6 = 6, 17, 1, 58


def complete(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the derived columns of group `conn`, and put the group's columns in their order at the end.

    Args:
        frame: A table with `protocol` and the measured columns, null where the source cannot tell. Columns that only
            some sources have (`clan.schema.CONN_TOLD`) may be missing, and are null then.

    Raises:
        SchemaError: A measured column is missing.

    Example:
        >>> measured = {name: [1] for name in CONN_MEASURED}
        >>> complete(pl.DataFrame({"protocol": [6], **measured}))["conn_established"].to_list()
        [1]
    """
    missing = [name for name in ("protocol", *CONN_MEASURED) if name not in frame.columns]
    if missing:
        raise SchemaError(f"the table lacks {', '.join(missing)}, which group conn is computed from")
    c = {name.removeprefix("conn_"): pl.col(name) for name in CONN_MEASURED}
    tcp = pl.col("protocol") == _TCP
    answered = c["bwd_packets"] > 0
    established = pl.when(tcp).then((c["fwd_syn"] > 0) & (c["bwd_syn"] > 0)).otherwise(answered)
    seconds = c["duration"] / 1e6
    total_bytes, total_packets = c["fwd_bytes"] + c["bwd_bytes"], c["fwd_packets"] + c["bwd_packets"]
    derived = {
        "conn_tcp": tcp,
        "conn_udp": pl.col("protocol") == _UDP,
        "conn_icmp": pl.col("protocol").is_in([_ICMP, _ICMP6]),
        "conn_fwd_bytes_mean": _ratio(c["fwd_bytes"], c["fwd_packets"]),
        "conn_bwd_bytes_mean": _ratio(c["bwd_bytes"], c["bwd_packets"]),
        "conn_bwd_share": _ratio(c["bwd_bytes"], total_bytes),
        "conn_bytes_per_s": _ratio(total_bytes, seconds),
        "conn_packets_per_s": _ratio(total_packets, seconds),
        "conn_answered": answered,
        "conn_established": established,
        "conn_refused": tcp & ~established & (c["bwd_rst"] > 0),
    }
    own = {f.name: f.dtype for f in features_of(["conn"])}
    derived |= {name: pl.lit(None) for name in CONN_TOLD if name not in frame.columns}
    changed = {name: value.cast(own[name]) for name, value in derived.items()}
    changed |= {name: pl.col(name).cast(own[name]) for name in own.keys() - derived if frame.schema[name] != own[name]}
    # Names alone are not parsed, where select() parses an expression for each of a hundred columns.
    return frame.with_columns(**changed)[[*(name for name in frame.columns if name not in own), *own]]


def _ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Divide; 0 where there is nothing to divide by, null where either is unknown."""
    return pl.when(whole > 0).then(part / whole).when(whole.is_not_null() & part.is_not_null()).then(0.0)
