"""The identity columns of the flow table: who, when, where from. Never a model input."""

from __future__ import annotations

import polars as pl

IDENTITY: dict[str, pl.DataType] = {
    "uid": pl.String(),
    "community_id": pl.String(),
    "ts_start": pl.Datetime("us", "UTC"),
    "ts_end": pl.Datetime("us", "UTC"),
    "src_ip": pl.String(),
    "src_port": pl.Int64(),
    "dst_ip": pl.String(),
    "dst_port": pl.Int64(),
    "protocol": pl.Int64(),
    "source": pl.String(),
    "vlan": pl.String(),
    "tunnel": pl.String(),
}
"""Name to type. `protocol` is the IANA number; ports are null where the protocol has none; `source` is the stream
(the path as it was given) that the flow came from; `vlan` the tags of its first packet, outermost first (`100.20`),
and `tunnel` the tunnel that it came through (`vxlan 192.0.2.1>192.0.2.2#42`), null where there was none. `uid` is the
same for the same packets, run after run."""

CARRIED: dict[str, pl.DataType] = {"label": pl.String(), "label_detail": pl.String(), "source_alert": pl.String()}
"""What a source itself says of a flow, behind the identity columns of the tables of flow records; never a model input.
`label` and `label_detail` come with labelled data sets; `source_alert` is the first alert that the source raised on the
flow. Null where it says nothing."""
