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

STATE: Final = np.dtype(
    [
        # identity: sorted endpoints, ports, protocol and version, VLAN tags
        ("key", np.uint64, (KEY_WORDS,)),
        ("hash", np.uint64),
        ("ordinal", np.int64),  # the how-manieth flow of its stream
        ("first_ts", np.int64),
        ("last_ts", np.int64),
        ("queue", np.int32),  # the timeout queue it waits in
        ("phase", np.int32),  # FREE, OPEN, CLOSING, CLOSED_KEY
        ("forward_is_a", np.int32),  # whether the forward direction leaves the smaller endpoint
        ("first_way", np.int32),  # direction of the first packet
        ("fin_ways", np.int32),  # bit 0: FIN seen forward, bit 1: backward
        ("protocol", np.int32),
        # per direction: forward, backward
        ("packets", np.int64, (2,)),
        ("bytes", np.int64, (2,)),
        ("bytes_squared", np.float64, (2,)),
        ("length_max", np.int32, (2,)),
        ("length_min", np.int32, (2,)),
        ("header_bytes", np.int64, (2,)),
        ("header_min", np.int32, (2,)),
        ("window", np.int32, (2,)),  # of the first packet, -1 where none was seen
        ("filled", np.int64, (2,)),  # packets with payload
        ("psh", np.int64, (2,)),
        ("urg", np.int64, (2,)),
        ("way_last_ts", np.int64, (2,)),
        ("way_gap_sum", np.int64, (2,)),
        ("way_gap_max", np.int64, (2,)),
        ("way_gap_min", np.int64, (2,)),
        ("way_gap_mean", np.float64, (2,)),
        ("way_gap_m2", np.float64, (2,)),
        # both directions together
        ("smallest", np.int64),  # smallest length; kept apart, as profile lycos zeroes one of the directions
        ("gap_max", np.int64),
        ("gap_min", np.int64),
        ("gap_mean", np.float64),
        ("gap_m2", np.float64),
        ("syn", np.int64),
        ("fin", np.int64),
        ("rst", np.int64),
        ("ack", np.int64),
        ("cwr", np.int64),
        ("ece", np.int64),
        ("subflows", np.int64),
        ("active_since", np.int64),
        ("active", MOMENTS),
        ("idle", MOMENTS),
        ("bulk", BULK, (2,)),
    ],
    align=True,
)
"""One flow. Lengths are transport payload in bytes, times and gaps in us."""

FREE: Final = 0
OPEN: Final = 1
CLOSING: Final = 2
CLOSED_KEY: Final = 3
DONE: Final = 4
