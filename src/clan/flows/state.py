"""What is kept of an open flow: one fixed-size record, whatever the number of its packets."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows.jit import record_type

FORWARD: Final = 0
BACKWARD: Final = 1

KEY_WORDS: Final = 6


def _offset(record: np.dtype[Any], field: str) -> int:
    """Give where a field of a record begins, in bytes."""
    fields: Any = record.fields
    return int(fields[field][1])


_MOMENTS = [
    ("n", np.int64),
    ("largest", np.int64),
    ("least", np.int64),
    ("average", np.float64),
    ("squares", np.float64),
]
MOMENTS: Final = record_type(_MOMENTS)
"""Count, extremes, mean and sum of squared differences of a series (Welford 1962)."""

BULK: Final = record_type(
    [
        ("start", np.int64),  # us; 0 while no run is under way
        ("last", np.int64),
        ("run_bytes", np.int64),
        ("packets", np.int64),
        ("bytes", np.int64),
        ("duration", np.int64),
        ("run_packets", np.int32),  # no further than to where a run is a bulk
        ("count", np.int32),
    ]
)
"""Bulk transfer in one direction: the run under way until it is a bulk, and the totals of the bulks so far."""

WAY: Final = record_type(
    [
        ("last_ts", np.int64),
        ("gap_sum", np.int64),
        ("gap_max", np.int64),
        ("gap_min", np.int64),
        ("gap_mean", np.float64),
        ("gap_m2", np.float64),
        ("packets", np.int64),
        ("header_bytes", np.int64),
        # the second cache line
        ("bytes", np.int64),
        ("bytes_squared", np.float64),
        ("filled", np.int32),  # packets with payload
        ("length_max", np.int32),
        ("length_min", np.int32),
        ("header_min", np.int32),
        ("window", np.int32),  # of the first packet, -1 where none was seen
        ("psh", np.int32),
        ("urg", np.int32),
        ("syn", np.int32),
        ("fin", np.int32),
        ("rst", np.int32),
        ("cwr", np.int32),
        ("ece", np.int32),
        # the third, which only packets with payload, or with something between IP header and transport, change
        ("bulk", BULK),
        ("between", np.int64),  # bytes of IP options and extension headers
    ]
)
"""One direction of a flow. Side by side, because a packet changes one direction only: fewer cache lines to fetch."""

STATE: Final = record_type(
    [
        # the first cache line: sorted endpoints, ports, protocol and version, VLAN tags; and what dates the flow
        ("key", np.uint64, (KEY_WORDS,)),
        ("first_ts", np.int64),
        ("last_ts", np.int64),
        # the second: what every packet of either direction changes
        ("queue", np.int8),  # the timeout queue it waits in
        ("phase", np.int8),  # FREE, OPEN, CLOSING, CLOSED_KEY, DONE
        ("forward_is_a", np.int8),  # whether the forward direction leaves the smaller endpoint
        ("first_way", np.int8),  # direction of the first packet
        ("fin_ways", np.int8),  # bit 0: FIN seen forward, bit 1: backward
        ("bulk_way", np.int8),  # direction of the last packet with payload, -1 while there was none
        ("protocol", np.uint8),
        ("outer_version", np.uint8),  # of the tunnel's hosts
        ("smallest", np.int32),  # smallest length; kept apart, as profile lycos zeroes one of the directions
        ("ack", np.int32),
        ("gap_max", np.int64),
        ("gap_min", np.int64),
        ("gap_mean", np.float64),
        ("gap_m2", np.float64),
        ("subflows", np.int32),
        ("tunnel", np.int32),  # of the first packet, as in `layer`
        ("tunnel_id", np.int64),
        # three lines for each direction
        ("ways", WAY, (2,)),  # forward, backward
        # what is seldom touched: pauses, and who the tunnel of the first packet ran between, in the flow's direction
        ("active_since", np.int64),
        ("active", MOMENTS),
        ("idle", MOMENTS),
        ("ordinal", np.int64),  # the how-manieth flow of its stream
        ("outer", np.uint64, (4,)),  # source high and low, destination high and low
    ]
)
"""One flow. Lengths are transport payload in bytes, times and gaps in us.

Ten cache lines of 64 bytes, of which a packet without payload touches four; `new_states` begins where a line does.
"""

LINE: Final = 64
"""Bytes of a cache line."""
WAYS_AT: Final = _offset(STATE, "ways")
WAY_SIZE: Final = WAY.itemsize
BULK_AT: Final = _offset(WAY, "bulk")


def new_states(n: int) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Make n empty records that begin at a cache line; memory is taken only as they are used."""
    room = np.zeros(n * STATE.itemsize + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    return room[start : start + n * STATE.itemsize].view(STATE)


FREE: Final = 0
OPEN: Final = 1
CLOSING: Final = 2
CLOSED_KEY: Final = 3
DONE: Final = 4
