"""The kernel: packets in, finished flows out."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clan.flows import counters as c
from clan.flows.decode import decode_frame
from clan.flows.fragments import Fragments, join_fragment
from clan.flows.jit import Int, kernel
from clan.flows.lifecycle import DONE_COUNT, NEXT_EXPIRY, Exit, expire, make_room, place_packet
from clan.flows.profile import Rules
from clan.flows.table import Table

CLOCK: Final = 2  # index into the control array: the newest time of the stream
RESET: Final = 3  # index into the control array: the clock jumped back, flush before going on


class Packets(NamedTuple):
    """A chunk of captured frames; the arrays are parallel, one entry a frame."""

    buffer: npt.NDArray[np.uint8]  # the bytes that the offsets point into
    offset: npt.NDArray[np.int64]
    captured: npt.NDArray[np.int64]  # bytes that were captured
    length: npt.NDArray[np.int64]  # bytes on the wire
    ts: npt.NDArray[np.int64]  # us since the epoch
    link_type: npt.NDArray[np.int64]


@kernel
def assemble(
    packets: Packets, first: Int, rules: Rules, table: Table, fragments: Fragments, out: Exit, scratch: Any
) -> Int:
    """Add packets to their flows until the chunk or the room for finished flows ends.

    Args:
        packets: The chunk; the caller has checked that every frame lies inside the buffer.
        first: Where to go on.
        rules: The profile.
        table: Open flows.
        fragments: First fragments.
        out: Finished flows, counters and control words.
        scratch: Two `PACKET` records and one key, to work in.

    Returns:
        The first packet that was not handled; smaller than the number of packets when the caller has to take the
        finished flows (or flush, when control says RESET) before going on.
    """
    packet, key = scratch
    control, counts = out.control, out.counters
    for i in range(first, packets.offset.size):
        ts = packets.ts[i]
        if control[CLOCK] - ts > rules.clock_jump:
            control[RESET] = 1
            return i
        if control[DONE_COUNT] + 4 > out.done.size or (ts > control[NEXT_EXPIRY] and not expire(table, rules, ts, out)):
            return i
        if table.free[2] + 2 > table.flows.size and not make_room(table, out):
            return i
        if ts < control[CLOCK]:
            counts[c.BACKWARD] += 1
        else:
            control[CLOCK] = ts
        record = packet[0]
        record.ts = ts
        record.at = packets.offset[i]
        record.end = record.at + packets.captured[i]
        record.wire_end = record.at + packets.length[i]
        counts[c.PACKETS] += 1
        counts[c.BYTES] += packets.length[i]
        verdict = decode_frame(packets.buffer, packets.link_type[i], rules.lycos, packet)
        if verdict == c.OK and record.fragment_id >= 0:
            later = record.fragment_offset > 0
            if not join_fragment(fragments, record):
                verdict = c.FRAGMENT
            elif later:
                counts[c.JOINED] += 1
        if verdict == c.OK:
            verdict = place_packet(record, key, rules, table, out)
        counts[verdict] += 1
    return packets.offset.size
