"""The capped pool of buffers that hold the first payload of flows while it is needed, and no longer.

A flow borrows a buffer with its first payload. It gives it back when both directions are full, when the flow ends, or
ten seconds later, whichever comes first; what was in it is then turned into numbers (`digest`) and overwritten by the
next borrower. When all buffers are lent, a flow goes without, which is counted.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clan.flows import counters as c
from clan.flows.jit import Int, kernel, record_type
from clan.flows.packet import SYN, TCP
from clan.flows.payload.layout import FEATURES, VIEW
from clan.flows.profile import SECOND
from clan.flows.wire import u32

MOST_BUFFERS: Final = 65_536
"""Buffers at most: 128 MiB, taken only as they are used."""
HOLD_US: Final = 10 * SECOND
"""How long after a flow's first payload more of it is looked at."""
DIGEST_AT: Final = 1024
"""Buffers that are turned into numbers together, if they are not the eighth part of all before."""

# What `held` says of a flow, beside the number of its buffer and one more.
NOTHING_YET: Final = 0
DONE_WITH: Final = -1
WENT_WITHOUT: Final = -2
# Places of the control array.
FREE: Final = 0  # buffers that are free, on a stack
READY: Final = 1  # buffers that wait to be digested
OLDEST: Final = 2  # lent longest ago, or NOBODY
NEWEST: Final = 3
NOBODY: Final = -1

NOTE: Final = record_type(
    [
        ("since", np.int64),  # us, when it was lent
        ("owner", np.int64),  # slot of the flow
        ("newer", np.int32),
        ("older", np.int32),
        ("protocol", np.int32),
        ("ports", np.int32, (2,)),  # of the first packet
        ("have", np.int32, (2,)),  # bytes in the buffer, forward and backward
        ("most", np.int32, (2,)),  # bytes that it should hold; more than it has where some are missing
        ("first", np.int32, (2,)),  # payload of the first packet, from its IP length
        ("sequence", np.int64, (2,)),  # TCP sequence number of the first byte
    ]
)
"""What is known of a lent buffer."""


class Pool(NamedTuple):
    """The buffers, and what was made of them; empty arrays where nobody wants group `payload`."""

    data: npt.NDArray[np.uint8]  # (buffers, 2, VIEW)
    notes: Any  # NOTE records, (buffers,)
    free: npt.NDArray[np.int32]  # (buffers,)
    ready: npt.NDArray[np.int32]  # (buffers,)
    control: npt.NDArray[np.int64]
    held: npt.NDArray[np.int32]  # (slots,), for each flow
    values: npt.NDArray[np.float64]  # (slots, features), NaN = null; only of flows that are DONE_WITH


def new_pool(slots: int) -> Pool:
    """Make a pool for the flows of a table.

    Args:
        slots: Slots of the table; 0: no buffers, and no payload is looked at.
    """
    buffers = min(slots, MOST_BUFFERS)
    return Pool(
        data=np.empty((buffers, 2, VIEW), np.uint8),
        notes=np.zeros(buffers, NOTE),
        free=np.arange(buffers, dtype=np.int32)[::-1].copy(),
        ready=np.empty(buffers, np.int32),
        control=np.array([buffers, 0, NOBODY, NOBODY], np.int64),
        held=np.zeros(slots, np.int32),
        values=np.empty((slots, len(FEATURES))),
    )


@kernel
def begin_payload(pool: Pool, slot: Int) -> None:
    """Note that a flow begins in a slot."""
    if pool.held.size > 0:
        pool.held[slot] = NOTHING_YET


@kernel
def must_digest(pool: Pool, now: Int) -> bool:
    """Take back what was lent too long ago; tell whether enough waits to be digested before a packet is handled."""
    control = pool.control
    while control[OLDEST] != NOBODY and now - pool.notes[control[OLDEST]].since > HOLD_US:
        give_back(control[OLDEST], pool)
    return 0 < control[READY] >= min(DIGEST_AT, pool.ready.size // 8)


@kernel
def take_payload(buffer: Any, packet: Any, slot: Int, way: Int, pool: Pool, counts: Any) -> None:
    """Keep the first payload of a flow, where that is wanted.

    TCP is put in order by its sequence numbers as far as segments come in order: what fills no gap at the end of what
    there is waits for its retransmission. Other protocols are taken as they come, up to the first missing byte.
    """
    if pool.held.size == 0 or packet.payload == 0:
        return
    held = pool.held[slot]
    if held == NOTHING_YET:
        held = borrow(packet, slot, pool, counts)
    if held < 0:
        return
    number = held - 1
    note = pool.notes[number]
    if packet.ts - note.since > HOLD_US:
        give_back(number, pool)
        return
    start = packet.at + packet.header
    n = max(min(packet.end - start, packet.payload), 0)  # that were captured
    if note.first[way] == 0:
        note.first[way] = packet.payload
        note.sequence[way] = -1
    at = offset_of(buffer, packet, note, way)
    note.most[way] = max(note.most[way], min(at + packet.payload, VIEW))
    have = note.have[way]
    if at > have or at + n <= have:
        return
    end = min(at + n, VIEW)
    for i in range(have, end):
        pool.data[number, way, i] = buffer[start + i - at]
    note.have[way] = end
    if note.have[0] == VIEW and note.have[1] == VIEW:
        give_back(number, pool)


@kernel
def offset_of(buffer: Any, packet: Any, note: Any, way: Int) -> Int:
    """Tell where in the stream of its direction a packet's payload begins; beyond all of it when nobody knows."""
    if packet.fragment_id >= 0 and packet.fragment_offset > 0:
        return VIEW
    if packet.protocol != TCP:
        return np.int64(note.most[way])
    sequence = u32(buffer, packet.at + 4) + (packet.tcp_flags & SYN != 0)  # SYN counts as a byte
    if note.sequence[way] < 0:
        note.sequence[way] = sequence
    ahead = (sequence - note.sequence[way]) & 0xFFFFFFFF
    return ahead - (ahead >> 31 << 32)


@kernel
def borrow(packet: Any, slot: Int, pool: Pool, counts: Any) -> Int:
    """Lend a buffer to a flow; gives what `held` says from now on."""
    if pool.control[FREE] == 0:
        counts[c.PAYLOAD_WITHOUT_ROOM] += 1
        pool.held[slot] = WENT_WITHOUT
        return WENT_WITHOUT
    number = lend(slot, packet.ts, pool)
    note = pool.notes[number]
    note.protocol = packet.protocol
    note.ports[0], note.ports[1] = packet.src_port, packet.dst_port
    for way in range(2):
        note.have[way] = note.most[way] = note.first[way] = 0
    return number + 1


@kernel
def lend(slot: Int, ts: Int, pool: Pool) -> Int:
    """Take a free buffer, the newest of those that are lent; the caller has made sure that there is one."""
    control = pool.control
    control[FREE] -= 1
    number = np.int64(pool.free[control[FREE]])
    note = pool.notes[number]
    note.since, note.owner = ts, slot
    note.newer, note.older = NOBODY, control[NEWEST]
    if control[NEWEST] == NOBODY:
        control[OLDEST] = number
    else:
        pool.notes[control[NEWEST]].newer = number
    control[NEWEST] = number
    pool.held[slot] = number + 1
    return number


@kernel
def give_back(number: Int, pool: Pool) -> None:
    """Take a buffer from its flow; it waits to be digested."""
    control, note = pool.control, pool.notes[number]
    if note.newer == NOBODY:
        control[NEWEST] = note.older
    else:
        pool.notes[note.newer].older = note.older
    if note.older == NOBODY:
        control[OLDEST] = note.newer
    else:
        pool.notes[note.older].newer = note.newer
    pool.held[note.owner] = DONE_WITH
    pool.ready[control[READY]] = number
    control[READY] += 1


@kernel
def end_payload(pool: Pool, slot: Int) -> None:
    """Note that the flow of a slot has ended."""
    if pool.held.size > 0 and pool.held[slot] > 0:
        give_back(pool.held[slot] - 1, pool)


@kernel
def copy_payload(pool: Pool, slot: Int, copy: Int, counts: Any) -> None:
    """Give the copy of a flow, in another slot, what is known of its payload so far."""
    if pool.held.size == 0:
        return
    held = pool.held[slot]
    pool.held[copy] = held
    if held == DONE_WITH:
        if not copy_from_queue(pool, slot, copy, counts):
            for place in range(pool.values.shape[1]):
                pool.values[copy, place] = pool.values[slot, place]
    elif held > 0:
        copy_buffer(pool, held - 1, copy, counts)


@kernel
def copy_from_queue(pool: Pool, slot: Int, copy: Int, counts: Any) -> bool:
    """Copy a flow's buffer where it still waits to be digested; False when its numbers are there already."""
    for i in range(pool.control[READY]):
        number = np.int64(pool.ready[i])
        if pool.notes[number].owner == slot:
            copy_buffer(pool, number, copy, counts)
            return True
    return False


@kernel
def copy_buffer(pool: Pool, number: Int, copy: Int, counts: Any) -> None:
    """Let a copy of a flow have a copy of its buffer, to be digested at once."""
    if pool.control[FREE] == 0:
        counts[c.PAYLOAD_WITHOUT_ROOM] += 1
        pool.held[copy] = WENT_WITHOUT
        return
    note = pool.notes[number]
    other = lend(copy, note.since, pool)
    twin = pool.notes[other]
    twin.protocol = note.protocol
    for way in range(2):
        twin.ports[way] = note.ports[way]
        twin.have[way], twin.most[way], twin.first[way] = note.have[way], note.most[way], note.first[way]
        for i in range(note.have[way]):
            pool.data[other, way, i] = pool.data[number, way, i]
    give_back(other, pool)
