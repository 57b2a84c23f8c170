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


def flows_of(events: pl.DataFrame) -> pl.DataFrame:
    """Say in the words of the flow table what `flow` events are.

    Args:
        events: Columns of `FIELDS`, perhaps `record`; all of type ``flow``.

    Returns:
        The columns that `clan.sources.records.checked` asks for, `service` and `alerted`.
    """
    flow, tcp = events["flow"].struct, events["tcp"].struct
    return _table(
        events,
        start=flow.field("start"),
        end=flow.field("end"),
        packets=(flow.field("pkts_toserver"), flow.field("pkts_toclient")),
        size=(flow.field("bytes_toserver"), flow.field("bytes_toclient")),
        flags=(tcp.field("tcp_flags_ts"), tcp.field("tcp_flags_tc")),
        alerted=flow.field("alerted"),
    )


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
    return _table(
        first,
        start=one.field("start"),
        end=ends.select(pl.max_horizontal("a", "b")).to_series(),
        packets=(one.field("pkts"), other.field("pkts").fill_null(0)),
        size=(one.field("bytes"), other.field("bytes").fill_null(0)),
        flags=(tcp, tcp_back.set(none & tcp.is_not_null(), "00")),
        alerted=_all(None, first.height, pl.Boolean()),
    )


def _table(
    events: pl.DataFrame,
    *,
    start: pl.Series,
    end: pl.Series,
    packets: tuple[pl.Series, pl.Series],
    size: tuple[pl.Series, pl.Series],
    flags: tuple[pl.Series, pl.Series],
    alerted: pl.Series,
) -> pl.DataFrame:
    began, ended = read_times(start), read_times(end)
    ended = ended.set(end.is_null(), None).zip_with(end.is_not_null(), began)  # without an end it ended as it began
    protocol = _protocol(events["proto"])
    ports = _ports(events, protocol)
    tcp, zero = protocol == 6, _all(0, events.height, _WHOLE)
    measured = {"conn_duration": ended - began, "conn_fwd_packets": packets[0], "conn_bwd_packets": packets[1]}
    for side, count, length in zip(("fwd", "bwd"), packets, size, strict=True):
        measured[f"conn_{side}_bytes"] = (length - _LINK_BYTES * count).clip(0)
        measured[f"conn_{side}_payload"] = _all(None, events.height, _WHOLE)
    for side, text in zip(("fwd", "bwd"), flags, strict=True):
        number = text.str.to_integer(base=16, strict=False, dtype=pl.Int64).zip_with(tcp, zero)
        for name, bit in (("syn", _SYN), ("fin", _FIN), ("rst", _RST)):
            measured[f"conn_{side}_{name}"] = (number & bit) // bit
    if "record" in events.columns:
        measured |= {"record": events["record"], "record_header": _all(None, events.height, pl.String())}
    return pl.DataFrame(
        {
            "uid": events["flow_id"].cast(pl.String),
            "community_id": events["community_id"],
            "ts_start": began,
            "ts_end": ended,
            "src_ip": events["src_ip"],
            "src_port": ports[0],
            "dst_ip": events["dest_ip"],
            "dst_port": ports[1],
            "protocol": protocol,
            "vlan": events["vlan"].cast(pl.List(pl.String)).list.join("."),
            **measured,
            "service": events["app_proto"].fill_null("").replace("failed", ""),
            "alerted": alerted,
        }
    )


def _all(value: int | None, n: int, dtype: pl.DataType) -> pl.Series:
    return pl.repeat(value, n, dtype=dtype, eager=True)


def _protocol(names: pl.Series) -> pl.Series:
    """Give IANA numbers; Suricata writes a number where it has no name."""
    upper = names.str.to_uppercase()
    known = upper.replace_strict(_PROTOCOLS, default=None, return_dtype=pl.Int64)
    number = known.fill_null(upper.str.to_integer(strict=False, dtype=pl.Int64)).fill_null(_UNKNOWN)
    return number.set(names.is_null(), None)


def _ports(events: pl.DataFrame, protocol: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Give ports, of ICMP type and answering type as the flow engine has them."""
    src, dst = events["src_port"], events["dest_port"]
    icmp = protocol.is_in([1, 58]) & events["icmp_type"].is_not_null()
    if not icmp.any():
        return src, dst
    kind = (events["icmp_type"].clip(0, 255) * 256 + events["icmp_code"].fill_null(0).clip(0, 255)).fill_null(0)
    zeros = np.zeros(events.height, np.uint16)
    found = icmp_ports(
        protocol.fill_null(0).clip(0, 255).to_numpy().astype(np.uint8), zeros, zeros, kind.to_numpy().astype(np.uint16)
    )
    one, other = (pl.Series(values).cast(pl.Int64) for values in found)
    return one.zip_with(icmp, src), other.zip_with(icmp, dst)
