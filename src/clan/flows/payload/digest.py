"""From the bytes in given-back buffers to the numbers of their flows."""

from __future__ import annotations

import numpy as np

from clan.flows.columns import Columns
from clan.flows.jit import Int, kernel
from clan.flows.payload.bytes import Scratch, describe_bytes
from clan.flows.payload.control import describe_control
from clan.flows.payload.dns import describe_dns
from clan.flows.payload.http import describe_http
from clan.flows.payload.kinds import describe_kind
from clan.flows.payload.layout import SEEN
from clan.flows.payload.names import Names
from clan.flows.payload.pool import DONE_WITH, FREE, NOTHING_YET, READY, Pool
from clan.flows.payload.tls import describe_tls


@kernel
def digest(pool: Pool, scratch: Scratch, names: Names) -> None:
    """Turn every buffer that waits into numbers, in the order in which they were given back, and free it."""
    for i in range(pool.control[READY]):
        number = np.int64(pool.ready[i])
        note, data = pool.notes[number], pool.data[number]
        row = pool.values[note.owner]
        for place in range(row.size):
            row[place] = np.nan
        describe_bytes(data, note, scratch, row)
        describe_dns(data, note, scratch, names, row)
        describe_tls(data, note, row)
        describe_http(data, note, scratch, row)
        describe_control(data, note, row)
        describe_kind(data, note, scratch.homes, row)
        pool.free[pool.control[FREE]] = number
        pool.control[FREE] += 1
    pool.control[READY] = 0


@kernel
def collect_payload(pool: Pool, slot: Int, out: Columns, i: Int) -> None:
    """Write the numbers of a flow into place i of the columns, all of them as reals, NaN = null."""
    held = pool.held[slot]
    for place in range(out.real.shape[0]):
        out.real[place, i] = pool.values[slot, place] if held == DONE_WITH else np.nan
    if held == NOTHING_YET:
        out.real[SEEN, i] = out.real[SEEN + 1, i] = 0.0
