"""The `context` group: what the hosts of a flow did shortly before it.

Every column looks at earlier flows of the stream only, in the order in which flows leave their source. A window of
length T is exponential: a flow that ended t ago counts e^(-t/T), so a steady rate r gives r times T, as a window with
edges would. Shares are of n + 1 where n flows were seen: one flow is little evidence, a hundred are much. What an
entity did last, its ratio of bytes and its times from start to start are forgotten when it was silent for an hour.
"""

from __future__ import annotations

from typing import Final

from clan.schema.feature import Feature

WINDOWS: Final = {"10s": 10.0, "60s": 60.0, "15m": 900.0}
"""Name to length in seconds: short, middle, long."""

LAST_FLOWS: Final = 16
"""How many of the last flows of an entity are looked at one by one."""

HORIZON_S: Final = 3600.0
"""What was not seen for so long counts as new; a silence of the whole stream above it starts the stream anew."""

_ANY = ("packets", "zeek", "suricata", "netflow", "argus", "table")
_WITH_FLAGS = ("packets", "zeek", "suricata", "netflow", "argus")

ENTITIES: Final = {
    "src": ("flows from this source", "destinations of this source", "peers"),
    "dst": ("flows to this destination", "sources that reached this destination", "sources"),
    "pair": ("flows from this source to this destination", "ports that the source used on the destination", "ports"),
    "svc": ("flows to this service (destination, port, protocol)", "sources that reached this service", "sources"),
    "srcport": ("flows from this source to this port of any host", "hosts whose port this is for the source", "peers"),
}
"""Prefix to what its flows are, what is counted apart, and the short name of that."""

_SHARES: Final = (
    ("unanswered_60s", "without a packet from the other side, 60 s window"),
    ("reset_15m", "with a RST from either side, 15 min window; 0 for other protocols than TCP"),
    ("tiny_60s", "of at most 3 packets, 60 s window"),
    ("same_size_last", f"whose bytes are, each way, within 2 % or 8 bytes of this flow's, last {LAST_FLOWS} flows"),
)


_WITHIN: Final = {"10s": "within ten seconds", "60s": "within a minute", "15m": "within 15 minutes"}

_PHRASES: Final = {
    "src_flows": "{src} had {value} flows",
    "src_peers": "{src} contacted {value} hosts",
    "src_ports": "{src} tried {value} destination ports",
    "dst_flows": "{dst} was sent {value} flows",
    "dst_sources": "{value} hosts contacted {dst}",
    "dst_ports": "{dst} was tried on {value} ports",
    "pair_flows": "{src} had {value} flows to {dst}",
    "pair_ports": "{src} tried {value} ports of {dst}",
    "svc_flows": "{dst} was sent {value} flows {service}",
    "svc_sources": "{value} hosts contacted {dst} {service}",
    "srcport_flows": "{src} had {value} flows {service} to any host",
    "srcport_peers": "{src} contacted {value} hosts {service}",
    "src_failed_per_success": "{src} had {value} failed flows for each that succeeded",
    "dst_failed_per_success": "{dst} was sent {value} failed flows for each that succeeded",
    "pair_failed_per_success": "{src} had {value} failed flows to {dst} for each that succeeded",
    "svc_failed_per_success": "{dst} was sent {value} failed flows {service} for each that succeeded",
    "srcport_failed_per_success": "{src} had {value} failed flows {service} to any host for each that succeeded",
}
"""What counts say of the hosts of a flow."""


def _feature(name: str, unit: str, meaning: str, sources: tuple[str, ...] = _ANY) -> Feature:
    what, _, window = name.rpartition("_")
    phrase = f"{_PHRASES[what]} {_WITHIN[window]}" if what in _PHRASES else ""
    return Feature(
        name=f"ctx_{name}",
        unit=unit,
        integer=False,
        meaning=meaning,
        group="context",
        sources=sources,
        phrase=phrase,
    )


def _entity(prefix: str) -> list[Feature]:
    """List the columns of one entity, in the order in which the kernel writes them."""
    flows, others, other = ENTITIES[prefix]
    rows = [_feature(f"{prefix}_flows_{w}", "flows", f"{flows}, {w} window") for w in WINDOWS]
    rows += [
        _feature(f"{prefix}_{other}_{w}", other, f"different {others}, each counted at its latest flow, {w} window")
        for w in WINDOWS
    ]
    rows += [
        _feature(
            f"{prefix}_{name}",
            "share",
            f"share (n + 1) of {flows} {meaning}",
            _WITH_FLAGS if name.startswith("reset") else _ANY,
        )
        for name, meaning in _SHARES
    ]
    rows += [
        _feature(
            f"{prefix}_failed_per_success_15m",
            "ratio",
            f"{flows} that were not answered, or refused by a RST before they were established, for each other one "
            "(+ 1), 15 min window",
        ),
        _feature(f"{prefix}_bytes_out_15m", "bytes", f"bytes forward of {flows}, 15 min window"),
        _feature(f"{prefix}_bytes_in_15m", "bytes", f"bytes backward of {flows}, 15 min window"),
        _feature(f"{prefix}_in_share_15m", "share", f"bytes backward of all bytes of {flows}; 0 without earlier flows"),
        _feature(
            f"{prefix}_gap_mean",
            "s",
            f"mean time from start to start of {flows}, 15 min window; 0 with fewer than two of them",
        ),
        _feature(
            f"{prefix}_regularity",
            "ratio",
            "how even these times are: n / (n + 3) / (1 + coefficient of variation), n the number of times; 0 without "
            "any, near 1 for a beacon",
        ),
    ]
    return rows


CONTEXT_GROUP: tuple[Feature, ...] = (
    *(feature for prefix in ENTITIES for feature in _entity(prefix)),
    *(_feature(f"src_ports_{w}", "ports", f"different destination ports of this source, {w} window") for w in WINDOWS),
    *(_feature(f"dst_ports_{w}", "ports", f"different ports of this destination, {w} window") for w in WINDOWS),
    _feature("new_peer", "indicator", "1 when the source had no flow to the destination in the last hour"),
    _feature("new_service", "indicator", "1 when the source did not use this service in the last hour"),
    _feature("new_port", "indicator", "1 when the source used this port of no host in the last hour"),
)
"""The features of the group. The `new_` columns are null until the stream has been seen for an hour."""
