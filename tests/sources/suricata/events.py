"""EVE events as Suricata writes them, made up for the tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

FLOW: dict[str, Any] = {
    "timestamp": "2023-11-14T22:15:20.000000+0000",
    "flow_id": 100,
    "event_type": "flow",
    "src_ip": "192.0.2.1",
    "src_port": 40000,
    "dest_ip": "198.51.100.7",
    "dest_port": 443,
    "proto": "TCP",
    "app_proto": "tls",
    "flow": {
        "pkts_toserver": 12,
        "pkts_toclient": 10,
        "bytes_toserver": 1308,
        "bytes_toclient": 9660,
        "start": "2023-11-14T23:13:20.250000+0100",
        "end": "2023-11-14T23:13:21.750000+0100",
        "age": 1,
        "state": "closed",
        "reason": "timeout",
        "alerted": False,
    },
    "tcp": {"tcp_flags": "1b", "tcp_flags_ts": "1b", "tcp_flags_tc": "1e", "syn": True, "ack": True, "state": "closed"},
}
"""A TLS connection that the server reset."""


def flow(number: int, **changes: Any) -> dict[str, Any]:
    """Another flow, a hundredth of a second later for each number."""
    began = datetime(2023, 11, 14, 22, 13) + timedelta(microseconds=250_000 + 10_000 * number)
    start = f"{began:%Y-%m-%dT%H:%M:%S.%f}+0000"
    times = {"start": start, "end": start}
    return {**FLOW, "flow_id": 100 + number, "flow": {**FLOW["flow"], **times}, **changes}


def netflow(number: int, *, back: bool = False, **changes: Any) -> dict[str, Any]:
    """One direction of a flow."""
    whole = flow(number)
    side = "toclient" if back else "toserver"
    ends = {"src_ip": whole["dest_ip"], "src_port": 443, "dest_ip": whole["src_ip"], "dest_port": 40000} if back else {}
    part = {"pkts": whole["flow"][f"pkts_{side}"], "bytes": whole["flow"][f"bytes_{side}"]}
    times = {key: whole["flow"][key] for key in ("start", "end")}
    tcp = {"tcp_flags": FLOW["tcp"]["tcp_flags_tc" if back else "tcp_flags_ts"]}
    event = {key: value for key, value in whole.items() if key != "flow"} | ends
    return event | {"event_type": "netflow", "netflow": {**part, **times, "age": 0}, "tcp": tcp} | changes


def alert(number: int, signature: str) -> dict[str, Any]:
    """An alert on a flow."""
    event = {key: value for key, value in FLOW.items() if key not in ("flow", "tcp")}
    return {**event, "flow_id": 100 + number, "event_type": "alert", "alert": {"signature": signature, "severity": 2}}


def lines(events: Sequence[Mapping[str, Any]]) -> str:
    """A whole eve.json."""
    return "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events)
