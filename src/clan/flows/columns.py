"""From the records of finished flows to the 75 columns of the `flow` group."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clan.flows.jit import Int, kernel
from clan.flows.profile import SECOND
from clan.flows.state import BACKWARD, FORWARD

MAX_SQUARED: Final = 3_037_000_499
"""The largest number whose square fits into 63 bits; flows of more bytes than this are common."""


class Columns(NamedTuple):
    """The feature columns of some flows, a row for each feature in the order of `clan.schema`; `(75, n or a few more)`.

    They are one memory: an integer feature is written as int64, every other as float64, each in its own row.
    """

    whole: npt.NDArray[np.int64]
    real: npt.NDArray[np.float64]


def new_columns(n_features: int, n: int) -> Columns:
    """Make room for n flows or a few more: rows of an odd number of cache lines do not crowd into the same places."""
    real = np.empty((n_features, 8 * ((n + 7) // 8 | 1)))
    return Columns(whole=real.view(np.int64), real=real)


@kernel
def collect(flow: Any, out: Columns, i: Int) -> None:
    """Compute the features of a flow (a `STATE` record) into place i of the columns."""
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
        out.real[69 + 2 * way, i] = flow.ways[way].bytes / flow.subflows  # subflow_bytes_mean
        out.real[70 + 2 * way, i] = flow.ways[way].packets / flow.subflows  # subflow_pkt_mean
        out.whole[73 + way, i] = flow.ways[way].window  # tcp_init_win_bytes


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
def totals(flow: Any, out: Columns, i: Int) -> None:
    """Fill columns 0 to 10: duration, ratio, lengths of all packets, rates."""
    forward, backward = flow.ways[FORWARD].packets, flow.ways[BACKWARD].packets
    n = forward + backward
    size = flow.ways[FORWARD].bytes + flow.ways[BACKWARD].bytes
    duration = flow.last_ts - flow.first_ts
    out.whole[0, i] = duration
    out.real[1, i] = backward / forward if forward > 0 else 0.0  # down_up_ratio
    out.whole[2, i] = max(flow.ways[FORWARD].length_max, flow.ways[BACKWARD].length_max)
    out.whole[3, i] = flow.smallest
    squares = length_squares(size, flow.ways[FORWARD].bytes_squared + flow.ways[BACKWARD].bytes_squared, n)
    out.real[4, i] = size / n
    out.real[5, i] = squares / (n - 1) if n > 1 else 0.0
    out.real[6, i] = deviation(squares, n)
    seconds = duration / SECOND
    moving = duration > 0
    out.real[7, i] = size / seconds if moving else 0.0
    out.real[8, i] = n / seconds if moving else 0.0
    out.real[9, i] = forward / seconds if moving else 0.0
    out.real[10, i] = backward / seconds if moving else 0.0


@kernel
def direction(side: Any, out: Columns, at: Int, i: Int) -> None:
    """Fill the nine columns of one direction: packets, lengths, headers."""
    n = side.packets
    out.whole[at, i] = n
    out.whole[at + 1, i] = side.bytes
    out.whole[at + 2, i] = side.length_max
    out.whole[at + 3, i] = side.length_min
    out.real[at + 4, i] = side.bytes / n if n > 0 else 0.0
    out.real[at + 5, i] = deviation(length_squares(side.bytes, side.bytes_squared, n), n)
    out.whole[at + 6, i] = side.header_bytes
    out.whole[at + 7, i] = side.header_min
    out.whole[at + 8, i] = side.filled


@kernel
def gaps(flow: Any, out: Columns, i: Int) -> None:
    """Fill columns 29 to 42: gaps between packets, of the flow and of each direction."""
    n = flow.ways[FORWARD].packets + flow.ways[BACKWARD].packets - 1
    out.whole[29, i] = flow.gap_max
    out.whole[30, i] = flow.gap_min
    out.real[31, i] = flow.gap_mean
    out.real[32, i] = deviation(flow.gap_m2, n)
    for way in (FORWARD, BACKWARD):
        at = 33 + 5 * way
        out.whole[at, i] = flow.ways[way].gap_sum
        out.whole[at + 1, i] = flow.ways[way].gap_max
        out.whole[at + 2, i] = flow.ways[way].gap_min
        out.real[at + 3, i] = flow.ways[way].gap_mean
        out.real[at + 4, i] = deviation(flow.ways[way].gap_m2, flow.ways[way].packets - 1)


@kernel
def moments(series: Any, out: Columns, at: Int, i: Int) -> None:
    """Fill maximum, minimum, mean and standard deviation of a series."""
    out.whole[at, i] = series.largest
    out.whole[at + 1, i] = series.least
    out.real[at + 2, i] = series.average
    out.real[at + 3, i] = deviation(series.squares, series.n)


@kernel
def flags(flow: Any, out: Columns, i: Int) -> None:
    """Fill columns 51 to 62: the TCP flags."""
    one, other = flow.ways[FORWARD], flow.ways[BACKWARD]
    out.whole[51, i] = one.syn + other.syn
    out.whole[52, i] = one.fin + other.fin
    out.whole[53, i] = one.rst + other.rst
    out.whole[54, i] = flow.ack
    out.whole[55, i] = one.psh + other.psh
    out.whole[56, i] = one.psh
    out.whole[57, i] = other.psh
    out.whole[58, i] = one.urg + other.urg
    out.whole[59, i] = one.urg
    out.whole[60, i] = other.urg
    out.whole[61, i] = one.cwr + other.cwr
    out.whole[62, i] = one.ece + other.ece


@kernel
def bulk(record: Any, out: Columns, at: Int, i: Int) -> None:
    """Fill mean bytes, mean packets and rate of the bulks in one direction."""
    n = record.count
    out.real[at, i] = record.bytes / n if n > 0 else 0.0
    out.real[at + 1, i] = record.packets / n if n > 0 else 0.0
    out.real[at + 2, i] = record.bytes / (record.duration / SECOND) if record.duration > 0 else 0.0
