"""Packets that are decoded ahead of being added, so that the memory they need is on its way when their turn comes."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clan.flows import counters as c
from clan.flows.decode import decode_frame
from clan.flows.jit import Int, kernel
from clan.flows.key import make_key
from clan.flows.packet import PACKET
from clan.flows.prefetch import prefetch
from clan.flows.state import BACKWARD, BULK_AT, FORWARD, KEY_WORDS, LINE, WAY_SIZE, WAYS_AT
from clan.flows.table import NONE, Table, hash_key, home_of, probable_slot

GROUP: Final = 32
"""Packets decoded ahead: enough to hide the memory behind work, few enough that what is fetched stays in the cache."""


class Ahead(NamedTuple):
    """What is known of a group of packets, one entry each."""

    records: Any  # PACKET, (GROUP + 1,); the last is the decoder's scratch
    keys: npt.NDArray[np.uint64]  # (GROUP, KEY_WORDS)
    hashes: npt.NDArray[np.uint64]
    from_a: npt.NDArray[np.bool_]  # whether the packet leaves the endpoint that comes first in its key
    verdicts: npt.NDArray[np.int64]  # of the decoder, as in `counters`
    slots: npt.NDArray[np.int64]  # where the packet's flow probably is, or NONE


def new_ahead() -> Ahead:
    """Make the arrays, to be used again and again."""
    return Ahead(
        records=np.zeros(GROUP + 1, PACKET),
        keys=np.zeros((GROUP, KEY_WORDS), np.uint64),
        hashes=np.zeros(GROUP, np.uint64),
        from_a=np.zeros(GROUP, np.bool_),
        verdicts=np.zeros(GROUP, np.int64),
        slots=np.full(GROUP, NONE, np.int64),
    )


@kernel
def look_ahead(packets: Any, first: Int, n: Int, lycos: bool, table: Table, ahead: Ahead) -> None:
    """Decode n packets and ask for the memory of their flows. Nothing but `ahead` changes."""
    for i in range(n):
        record = ahead.records[i]
        record.ts = packets.ts[first + i]
        record.at = packets.offset[first + i]
        record.end = record.at + packets.captured[first + i]
        record.wire_end = record.at + packets.length[first + i]
        verdict = decode_frame(packets.buffer, packets.link_type[first + i], lycos, ahead.records, i)
        ahead.verdicts[i] = verdict
        if verdict == c.OK and record.fragment_id < 0:  # a fragment's key is known only once it was joined
            identify(ahead, i, lycos, table)
            prefetch(table.entries, home_of(table, ahead.hashes[i]), 0)
    for i in range(n):
        ahead.slots[i] = NONE
        if ahead.verdicts[i] == c.OK and ahead.records[i].fragment_id < 0:
            slot = probable_slot(table, ahead.hashes[i])
            ahead.slots[i] = slot
            if slot != NONE:
                prefetch(table.flows, slot, 0)
                prefetch(table.flows, slot, LINE)
    for i in range(n):
        slot = ahead.slots[i]
        if slot != NONE:
            way = FORWARD if ahead.from_a[i] == table.flows[slot].forward_is_a else BACKWARD
            prefetch(table.flows, slot, WAYS_AT + way * WAY_SIZE)
            prefetch(table.flows, slot, WAYS_AT + way * WAY_SIZE + LINE)
            if ahead.records[i].payload > 0:
                prefetch(table.flows, slot, WAYS_AT + way * WAY_SIZE + BULK_AT)


@kernel
def identify(ahead: Ahead, i: Int, lycos: bool, table: Table) -> None:
    """Write the key of a packet, the key's hash, and which way it goes."""
    ahead.from_a[i] = make_key(ahead.records[i], lycos, ahead.keys[i])
    ahead.hashes[i] = hash_key(ahead.keys[i], table.seed)
