"""What is kept of an open flow: one fixed-size record, whatever the number of its packets."""

from __future__ import annotations

from typing import Final

import numpy as np

FORWARD: Final = 0
BACKWARD: Final = 1

KEY_WORDS: Final = 6

_MOMENTS = [("count", np.int64), ("max", np.int64), ("min", np.int64), ("mean", np.float64), ("m2", np.float64)]
MOMENTS: Final = np.dtype(_MOMENTS, align=True)
"""Count, extremes, mean and sum of squared differences of a series (Welford 1962)."""

BULK: Final = np.dtype(
    [
        ("start", np.int64),  # us; 0 while no run is under way
        ("last", np.int64),
        ("run_packets", np.int64),
        ("run_bytes", np.int64),
        ("count", np.int64),
        ("packets", np.int64),
        ("bytes", np.int64),
        ("duration", np.int64),
    ],
    align=True,
)
"""Bulk transfer in one direction: the run under way, and the totals of the bulks so far."""

WAY: Final = np.dtype(
    [
        ("last_ts", np.int64),
        ("gap_sum", np.int64),
        ("gap_max", np.int64),
        ("gap_min", np.int64),
        ("gap_mean", np.float64),
        ("gap_m2", np.float64),
        ("bytes", np.int64),
        ("bytes_squared", np.float64),
        ("header_bytes", np.int64),
        ("packets", np.int64),
        ("filled", np.int32),  # packets with payload
        ("length_max", np.int32),
        ("length_min", np.int32),
        ("header_min", np.int32),
        ("window", np.int32),  # of the first packet, -1 where none was seen
        ("psh", np.int32),
        ("urg", np.int32),
        ("bulk", BULK),
    ],
    align=True,
)
"""One direction of a flow. Side by side, because a packet changes one direction only: fewer cache lines to fetch."""

STATE: Final = np.dtype(
    [
        # identity: sorted endpoints, ports, protocol and version, VLAN tags
        ("key", np.uint64, (KEY_WORDS,)),
        ("hash", np.uint64),
        ("first_ts", np.int64),
        ("last_ts", np.int64),
        ("queue", np.int8),  # the timeout queue it waits in
        ("phase", np.int8),  # FREE, OPEN, CLOSING, CLOSED_KEY, DONE
        ("forward_is_a", np.int8),  # whether the forward direction leaves the smaller endpoint
        ("first_way", np.int8),  # direction of the first packet
        ("fin_ways", np.int8),  # bit 0: FIN seen forward, bit 1: backward
        ("protocol", np.uint8),
        # both directions together
        ("smallest", np.int32),  # smallest length; kept apart, as profile lycos zeroes one of the directions
        ("gap_max", np.int64),
        ("gap_min", np.int64),
        ("gap_mean", np.float64),
        ("gap_m2", np.float64),
        ("syn", np.int32),
        ("fin", np.int32),
        ("rst", np.int32),
        ("ack", np.int32),
        ("cwr", np.int32),
        ("ece", np.int32),
        ("subflows", np.int32),
        ("ways", WAY, (2,)),  # forward, backward
        ("active_since", np.int64),
        ("active", MOMENTS),
        ("idle", MOMENTS),
        ("ordinal", np.int64),  # the how-manieth flow of its stream
        # how the first packet came: through which tunnel, between which hosts in the flow's direction
        ("tunnel", np.int32),
        ("outer_version", np.int32),
        ("tunnel_id", np.int64),
        ("outer", np.uint64, (4,)),  # source high and low, destination high and low
    ],
    align=True,
)
"""One flow. Lengths are transport payload in bytes, times and gaps in us."""

FREE: Final = 0
OPEN: Final = 1
CLOSING: Final = 2
CLOSED_KEY: Final = 3
DONE: Final = 4
