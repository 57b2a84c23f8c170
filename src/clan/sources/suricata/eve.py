"""Suricata's EVE events: what a `flow` or `netflow` event says in the words of group `conn`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import polars as pl

from clan.flows import icmp_ports, read_times

_TEXT, _WHOLE = pl.String(), pl.Int64()

FIELDS: Final[Mapping[str, Any]] = {
    "event_type": _TEXT,
    "flow_id": pl.UInt64(),
    "src_ip": _TEXT,
    "src_port": _WHOLE,
    "dest_ip": _TEXT,
    "dest_port": _WHOLE,
    "proto": _TEXT,
    "app_proto": _TEXT,
    "community_id": _TEXT,
    "vlan": pl.List(_WHOLE),
    "icmp_type": _WHOLE,
    "icmp_code": _WHOLE,
    "flow": pl.Struct(
        {
            "pkts_toserver": _WHOLE,
            "pkts_toclient": _WHOLE,
            "bytes_toserver": _WHOLE,
            "bytes_toclient": _WHOLE,
            "start": _TEXT,
            "end": _TEXT,
            "alerted": pl.Boolean(),
        }
    ),
    "netflow": pl.Struct({"pkts": _WHOLE, "bytes": _WHOLE, "start": _TEXT, "end": _TEXT}),
    "tcp": pl.Struct({"tcp_flags": _TEXT, "tcp_flags_ts": _TEXT, "tcp_flags_tc": _TEXT}),
    "alert": pl.Struct({"signature": _TEXT}),
}
"""Keys that are taken, with their types.

Source: Suricata user guide, EVE JSON format; `etc/schema.json` of Suricata 7.
"""

_PROTOCOLS: Final = {
    "TCP": 6,
    "UDP": 17,
    "ICMP": 1,
    "IPV6-ICMP": 58,
    "ICMPV6": 58,
    "SCTP": 132,
    "GRE": 47,
    "ESP": 50,
    "AH": 51,
    "IGMP": 2,
    "IPV6": 41,
    "OSPF": 89,
    "PIM": 103,
    "VRRP": 112,
}
_UNKNOWN: Final = 255
"""IANA's reserved number, for a protocol that Suricata names otherwise."""
_LINK_BYTES: Final = 14
"""Bytes of an Ethernet header: Suricata counts from there, and group `conn` from the IP header."""
_FIN, _SYN, _RST = 1, 2, 4
_TCP: Final = 6


def flows_of(events: pl.DataFrame) -> pl.DataFrame:
    """Say in the words of the flow table what `flow` events are.

    Args:
        events: Columns of `FIELDS`, perhaps `record`; all of type ``flow``.

    Returns:
        The columns that `clan.sources.records.checked` asks for, `service` and `alerted`.
    """
    flow, tcp = pl.col("flow").struct, pl.col("tcp").struct
    said = events.select(
        start=flow.field("start"),
        end=flow.field("end"),
        fwd_packets=flow.field("pkts_toserver"),
        bwd_packets=flow.field("pkts_toclient"),
        fwd_bytes=flow.field("bytes_toserver"),
        bwd_bytes=flow.field("bytes_toclient"),
        fwd_flags=tcp.field("tcp_flags_ts"),
        bwd_flags=tcp.field("tcp_flags_tc"),
        alerted=flow.field("alerted"),
    )
    return _table(events, said)


def netflows_of(events: pl.DataFrame) -> pl.DataFrame:
    """Join `netflow` events, of which each is one direction, and say in the words of the flow table what they are.

    Suricata writes the direction to the server first, and the other one only where it had packets.

    Args:
        events: Columns of `FIELDS`, perhaps `record`; all of type ``netflow``, no conversation cut in two.
    """
    first = events.unique("flow_id", keep="first", maintain_order=True)
    second = events.filter(~events["flow_id"].is_first_distinct()).unique("flow_id", keep="first")
    columns = second.select("flow_id", "netflow", "tcp")
    back = first.select("flow_id").join(columns, on="flow_id", how="left", maintain_order="left")
    one, other = first["netflow"].struct, back["netflow"].struct
    none = back["netflow"].struct.field("pkts").is_null()
    tcp, tcp_back = first["tcp"].struct.field("tcp_flags"), back["tcp"].struct.field("tcp_flags")
    ends = pl.DataFrame({"a": one.field("end"), "b": other.field("end")})
    said = pl.DataFrame(
        {
            "start": one.field("start"),
            "end": ends.select(pl.max_horizontal("a", "b")).to_series(),
            "fwd_packets": one.field("pkts"),
            "bwd_packets": other.field("pkts").fill_null(0),
            "fwd_bytes": one.field("bytes"),
            "bwd_bytes": other.field("bytes").fill_null(0),
            "fwd_flags": tcp,
            "bwd_flags": tcp_back.set(none & tcp.is_not_null(), "00"),
        }
    )
    return _table(first, said.with_columns(alerted=pl.lit(None, pl.Boolean())))


def _table(events: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """Make the table of what events say, which is named here alike for `flow` and `netflow`."""
    ports = _ports(events)
    events = events.with_columns(
        _protocol(events["proto"]).alias("protocol"),
        read_times(said["start"]).alias("began"),
        read_times(said["end"]).alias("ended"),
        *said,
    )
    none = pl.lit(None, _WHOLE)
    measured: dict[str, Any] = {"conn_fwd_packets": "fwd_packets", "conn_bwd_packets": "bwd_packets"}
    for side in ("fwd", "bwd"):
        frame_bytes = pl.col(f"{side}_bytes") - _LINK_BYTES * pl.col(f"{side}_packets")
        measured |= {f"conn_{side}_bytes": frame_bytes.clip(0), f"conn_{side}_payload": none}
        number = pl.col(f"{side}_flags").str.to_integer(base=16, strict=False, dtype=pl.Int64)
        for name, bit in (("syn", _SYN), ("fin", _FIN), ("rst", _RST)):
            seen = ((number & bit) > 0).cast(_WHOLE)
            measured[f"conn_{side}_{name}"] = pl.when(pl.col("protocol") == _TCP).then(seen).otherwise(0)
    if "record" in events.columns:
        measured |= {"record": "record", "record_header": pl.lit(None, _TEXT)}
    # without an end it ended as it began
    ended = pl.when(pl.col("end").is_null()).then("began").otherwise("ended")
    has_vlan = events["vlan"].null_count() < events.height
    return events.select(
        uid=pl.col("flow_id").cast(_TEXT),
        community_id="community_id",
        ts_start="began",
        ts_end=ended,
        src_ip="src_ip",
        src_port=ports[0],
        dst_ip="dest_ip",
        dst_port=ports[1],
        protocol="protocol",
        vlan=pl.col("vlan").cast(pl.List(_TEXT)).list.join(".") if has_vlan else pl.lit(None, _TEXT),
        conn_duration=ended - pl.col("began"),
        **measured,
        service=pl.col("app_proto").fill_null("").replace("failed", ""),
        alerted="alerted",
    )


def _protocol(names: pl.Series) -> pl.Series:
    """Give IANA numbers; Suricata writes a number where it has no name."""
    upper = names.str.to_uppercase()
    known = upper.replace_strict(_PROTOCOLS, default=None, return_dtype=pl.Int64)
    if not known.null_count():
        return known
    number = known.fill_null(upper.str.to_integer(strict=False, dtype=pl.Int64)).fill_null(_UNKNOWN)
    return number.set(names.is_null(), None)


def _ports(events: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Give ports, of ICMP type and answering type as the flow engine has them."""
    src, dst = events["src_port"], events["dest_port"]
    if events["icmp_type"].null_count() == events.height:
        return src, dst
    protocol = _protocol(events["proto"])
    icmp = protocol.is_in([1, 58]) & events["icmp_type"].is_not_null()
    kind = (events["icmp_type"].clip(0, 255) * 256 + events["icmp_code"].fill_null(0).clip(0, 255)).fill_null(0)
    zeros = np.zeros(events.height, np.uint16)
    found = icmp_ports(
        protocol.fill_null(0).clip(0, 255).to_numpy().astype(np.uint8), zeros, zeros, kind.to_numpy().astype(np.uint16)
    )
    one, other = (pl.Series(values).cast(pl.Int64) for values in found)
    return one.zip_with(icmp, src), other.zip_with(icmp, dst)
