"""From the records of finished flows to the 75 columns of the `flow` group."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows.jit import Int, kernel
from clan.flows.profile import SECOND
from clan.flows.state import BACKWARD, FORWARD

MAX_SQUARED: Final = 3_037_000_499
"""The largest number whose square fits into 63 bits; flows of more bytes than this are common."""


@kernel
def collect(flows: Any, out: Any) -> None:
    """Compute the feature columns of some flows.

    Args:
        flows: `STATE` records, shape `(n,)`.
        out: float64 of shape `(75, n)`, a row for each feature in the order of `clan.schema`; integers below 2^53
            are exact.
    """
    for i in range(flows.size):
        flow = flows[i]
        totals(flow, out, i)
        direction(flow.ways[FORWARD], out, 11, i)
        direction(flow.ways[BACKWARD], out, 20, i)
        gaps(flow, out, i)
        moments(flow.active, out, 43, i)
        moments(flow.idle, out, 47, i)
        flags(flow, out, i)
        bulk(flow.ways[FORWARD].bulk, out, 63, i)
        bulk(flow.ways[BACKWARD].bulk, out, 66, i)
        for way in (FORWARD, BACKWARD):
            out[69 + 2 * way, i] = flow.ways[way].bytes / flow.subflows  # subflow_bytes_mean
            out[70 + 2 * way, i] = flow.ways[way].packets / flow.subflows  # subflow_pkt_mean
            out[73 + way, i] = flow.ways[way].window  # tcp_init_win_bytes


@kernel
def deviation(squares: float, n: Int) -> float:
    """Give the sample standard deviation of n values whose squared differences from the mean sum to `squares`."""
    return np.sqrt(max(squares, 0.0) / (n - 1)) if n > 1 else 0.0


@kernel
def length_squares(total: float, squared: float, n: Int) -> float:
    """Give the summed squared differences from the mean, from exact sums."""
    if n == 0:
        return 0.0
    if total > MAX_SQUARED:
        return max(squared - float(total) * (total / n), 0.0)
    return max(squared - total * total / n, 0.0)


@kernel
def totals(flow: Any, out: Any, i: Int) -> None:
    """Fill columns 0 to 10: duration, ratio, lengths of all packets, rates."""
    forward, backward = flow.ways[FORWARD].packets, flow.ways[BACKWARD].packets
    n = forward + backward
    size = flow.ways[FORWARD].bytes + flow.ways[BACKWARD].bytes
    duration = flow.last_ts - flow.first_ts
    out[0, i] = duration
    out[1, i] = backward / forward if forward > 0 else 0.0  # down_up_ratio
    out[2, i] = max(flow.ways[FORWARD].length_max, flow.ways[BACKWARD].length_max)
    out[3, i] = flow.smallest
    squares = length_squares(size, flow.ways[FORWARD].bytes_squared + flow.ways[BACKWARD].bytes_squared, n)
    out[4, i] = size / n
    out[5, i] = squares / (n - 1) if n > 1 else 0.0
    out[6, i] = deviation(squares, n)
    seconds = duration / SECOND
    moving = duration > 0
    out[7, i] = size / seconds if moving else 0.0
    out[8, i] = n / seconds if moving else 0.0
    out[9, i] = forward / seconds if moving else 0.0
    out[10, i] = backward / seconds if moving else 0.0


@kernel
def direction(side: Any, out: Any, at: Int, i: Int) -> None:
    """Fill the nine columns of one direction: packets, lengths, headers."""
    n = side.packets
    out[at, i] = n
    out[at + 1, i] = side.bytes
    out[at + 2, i] = side.length_max
    out[at + 3, i] = side.length_min
    out[at + 4, i] = side.bytes / n if n > 0 else 0.0
    out[at + 5, i] = deviation(length_squares(side.bytes, side.bytes_squared, n), n)
    out[at + 6, i] = side.header_bytes
    out[at + 7, i] = side.header_min
    out[at + 8, i] = side.filled


@kernel
def gaps(flow: Any, out: Any, i: Int) -> None:
    """Fill columns 29 to 42: gaps between packets, of the flow and of each direction."""
    n = flow.ways[FORWARD].packets + flow.ways[BACKWARD].packets - 1
    out[29, i] = flow.gap_max
    out[30, i] = flow.gap_min
    out[31, i] = flow.gap_mean
    out[32, i] = deviation(flow.gap_m2, n)
    for way in (FORWARD, BACKWARD):
        at = 33 + 5 * way
        out[at, i] = flow.ways[way].gap_sum
        out[at + 1, i] = flow.ways[way].gap_max
        out[at + 2, i] = flow.ways[way].gap_min
        out[at + 3, i] = flow.ways[way].gap_mean
        out[at + 4, i] = deviation(flow.ways[way].gap_m2, flow.ways[way].packets - 1)


@kernel
def moments(series: Any, out: Any, at: Int, i: Int) -> None:
    """Fill maximum, minimum, mean and standard deviation of a series."""
    out[at, i] = series.largest
    out[at + 1, i] = series.least
    out[at + 2, i] = series.average
    out[at + 3, i] = deviation(series.squares, series.n)


@kernel
def flags(flow: Any, out: Any, i: Int) -> None:
    """Fill columns 51 to 62: the TCP flags."""
    out[51, i] = flow.syn
    out[52, i] = flow.fin
    out[53, i] = flow.rst
    out[54, i] = flow.ack
    out[55, i] = flow.ways[FORWARD].psh + flow.ways[BACKWARD].psh
    out[56, i] = flow.ways[FORWARD].psh
    out[57, i] = flow.ways[BACKWARD].psh
    out[58, i] = flow.ways[FORWARD].urg + flow.ways[BACKWARD].urg
    out[59, i] = flow.ways[FORWARD].urg
    out[60, i] = flow.ways[BACKWARD].urg
    out[61, i] = flow.cwr
    out[62, i] = flow.ece


@kernel
def bulk(record: Any, out: Any, at: Int, i: Int) -> None:
    """Fill mean bytes, mean packets and rate of the bulks in one direction."""
    n = record.count
    out[at, i] = record.bytes / n if n > 0 else 0.0
    out[at + 1, i] = record.packets / n if n > 0 else 0.0
    out[at + 2, i] = record.bytes / (record.duration / SECOND) if record.duration > 0 else 0.0
