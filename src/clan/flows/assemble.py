"""The kernel: packets in, finished flows out."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clan.flows import counters as c
from clan.flows.ahead import GROUP, Ahead, identify, look_ahead
from clan.flows.checksum import EVERY, note_checksum
from clan.flows.fragments import Fragments, join_fragment
from clan.flows.jit import Int, kernel
from clan.flows.lifecycle import DONE_COUNT, NEXT_EXPIRY, Exit, expire, make_room, place_packet
from clan.flows.payload import must_digest
from clan.flows.profile import Rules
from clan.flows.table import Table, is_full

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
    packets: Packets, first: Int, rules: Rules, table: Table, fragments: Fragments, out: Exit, ahead: Ahead
) -> Int:
    """Add packets to their flows until the chunk or the room for finished flows ends.

    Args:
        packets: The chunk; the caller has checked that every frame lies inside the buffer.
        first: Where to go on.
        rules: The profile.
        table: Open flows.
        fragments: First fragments.
        out: Finished flows, counters and control words.
        ahead: Room for packets that are decoded ahead; what it holds between calls does not matter.

    Returns:
        The first packet that was not handled; smaller than the number of packets when the caller has to take the
        finished flows (or flush, when control says RESET, or digest the payload that waits) before going on.
    """
    total = packets.offset.size
    while first < total:
        n = min(GROUP, total - first)
        look_ahead(packets, first, n, rules.lycos, table, ahead)
        done = add_group(packets, (first, n), rules, table, fragments, out, ahead)
        first += done
        if done < n:
            break
    return first


@kernel
def add_group(
    packets: Packets, group: tuple[Int, Int], rules: Rules, table: Table, fragments: Fragments, out: Exit, ahead: Ahead
) -> Int:
    """Add a group of decoded packets, given as (first, number), to their flows; gives how many were handled."""
    control, counts = out.control, out.counters
    first, n = group
    for i in range(n):
        ts = packets.ts[first + i]
        if control[CLOCK] - ts > rules.clock_jump:
            control[RESET] = 1
            return i
        if not has_room(ts, rules, table, out):
            return i
        if ts < control[CLOCK]:
            counts[c.BACKWARD] += 1
        else:
            control[CLOCK] = ts
        counts[c.PACKETS] += 1
        counts[c.BYTES] += packets.length[first + i]
        record, verdict = ahead.records[i], ahead.verdicts[i]
        if verdict == c.OK and record.fragment_id >= 0:
            later = record.fragment_offset > 0
            if not join_fragment(fragments, record):
                verdict = c.FRAGMENT
            else:
                counts[c.JOINED] += later
                identify(ahead, i, rules.lycos, table)
        elif verdict == c.OK and counts[c.PACKETS] % EVERY == 0 and not rules.lycos:
            note_checksum(packets.buffer, record, counts)
        if verdict == c.OK:
            verdict = place_packet(packets.buffer, ahead, i, rules, table, out)
        counts[verdict] += 1
    return n


@kernel
def has_room(ts: Int, rules: Rules, table: Table, out: Exit) -> bool:
    """End the flows whose time has come by `ts`; False when what has ended must be taken before going on."""
    if out.control[DONE_COUNT] + 4 > out.done.size or must_digest(table.payload, ts):
        return False
    if ts > out.control[NEXT_EXPIRY] and not expire(table, rules, ts, out):
        return False
    return not is_full(table) or make_room(table, out)
