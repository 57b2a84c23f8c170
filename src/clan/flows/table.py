"""The table of open flows: a hash index over fixed records, and queues in order of the last update.

The index is open addressing with linear probing; an entry is the lower 32 bits of the key's hash and a slot number, so
that a probe touches the flow's record only when the hash agrees. Deletion shifts entries back, so no tombstones
gather. The queues are doubly linked lists over slot numbers: the flow at a queue's tail is the one that was updated
longest ago, which makes both timeouts and eviction exact at constant cost.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clan.flows.jit import Int, kernel
from clan.flows.payload import Pool, new_pool
from clan.flows.state import FREE, KEY_WORDS, new_states

TCP_QUEUE: Final = 0
UDP_QUEUE: Final = 1
OTHER_QUEUE: Final = 2
CLOSED_QUEUE: Final = 3
QUEUES: Final = 4

NONE: Final = -1


class Table(NamedTuple):
    """The arrays of the flow table: a slot for each open or waiting flow, and an index of twice `max_flows` entries."""

    flows: Any  # STATE records, (slots,)
    entries: npt.NDArray[np.uint64]  # (power of two,), 0 = empty, else hash << 32 | slot + 1
    newer: npt.NDArray[np.int32]  # (slots,), neighbour towards the head of the queue
    older: npt.NDArray[np.int32]  # (slots,), neighbour towards the tail; also links the free slots
    heads: npt.NDArray[np.int32]  # (QUEUES,), updated last
    tails: npt.NDArray[np.int32]  # (QUEUES,), updated longest ago
    free: npt.NDArray[np.int64]  # first free slot that was used before, slots ever used, in use, waiting, max_flows
    seed: npt.NDArray[np.uint64]  # (2,), secret of the hash, so that nobody can aim for collisions
    payload: Pool  # the first payload of the flows


def new_table(max_flows: int, max_waiting: int, seed: int, *, payload: bool = False) -> Table:
    """Make an empty table; memory is taken only as slots are used.

    Args:
        max_flows: Slots for open flows, 16 or more.
        max_waiting: Slots for finished flows that have not left yet.
        seed: Secret of the hash. It decides where entries lie, never what leaves the table or in which order.
        payload: Whether the first payload of flows is looked at.
    """
    size = 1 << max(5, (2 * max_flows - 1).bit_length())
    slots = max_flows + max_waiting
    words = np.random.default_rng(seed).integers(1, 1 << 63, 2, dtype=np.uint64) | np.uint64(1)
    return Table(
        flows=new_states(slots),
        entries=np.zeros(size, np.uint64),
        newer=np.zeros(slots, np.int32),
        older=np.zeros(slots, np.int32),
        heads=np.full(QUEUES, NONE, np.int32),
        tails=np.full(QUEUES, NONE, np.int32),
        free=np.array([NONE, 0, 0, 0, max_flows], np.int64),
        seed=words,
        payload=new_pool(slots if payload else 0),
    )


@kernel
def hash_key(key: Any, seed: Any) -> Any:
    """Mix the key's words with the secret (a keyed multiply-shift hash), to 64 bits."""
    mixed = seed[0]
    for i in range(KEY_WORDS):
        mixed = (mixed ^ key[i]) * seed[1]
        mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0x9E3779B97F4A7C15)
    return mixed ^ (mixed >> np.uint64(32))


@kernel
def home_of(table: Table, hashed: Any) -> Int:
    """Give the place in the index where the search for a hash begins."""
    return np.int64(hashed & np.uint64(table.entries.size - 1))


@kernel
def probable_slot(table: Table, hashed: Any) -> Int:
    """Give the slot at the place where the search begins, when it looks right, or NONE: a guess for prefetching."""
    entry = table.entries[home_of(table, hashed)]
    if entry == 0 or (entry >> np.uint64(32)) != (hashed & np.uint64(0xFFFFFFFF)):
        return NONE
    return np.int64(entry & np.uint64(0xFFFFFFFF)) - 1


@kernel
def find(table: Table, key: Any, hashed: Any) -> Int:
    """Give the slot of a key, or NONE."""
    mask = np.uint64(table.entries.size - 1)
    tag = hashed << np.uint64(32)
    at = hashed & mask
    while table.entries[at] != 0:
        entry = table.entries[at]
        if (entry ^ tag) >> np.uint64(32) == 0:
            slot = np.int64(entry & np.uint64(0xFFFFFFFF)) - 1
            if same_key(table.flows[slot].key, key):
                return slot
        at = (at + np.uint64(1)) & mask
    return NONE


@kernel
def same_key(one: Any, other: Any) -> bool:
    """Compare two keys word by word."""
    different = np.uint64(0)
    for i in range(KEY_WORDS):
        different |= one[i] ^ other[i]
    return different == 0


@kernel
def is_full(table: Table) -> bool:
    """Tell whether a packet, which may take two slots, has to wait until a flow has ended."""
    return table.free[2] - table.free[3] + 2 > table.free[4]


@kernel
def reserve(table: Table, n: Int) -> None:
    """Count n more slots as those of waiting flows, which take no room from open ones."""
    table.free[3] += n


@kernel
def take_slot(table: Table) -> Int:
    """Take a free slot; the caller has made sure that there is one."""
    slot = table.free[0]
    if slot != NONE:
        table.free[0] = table.older[slot]
    else:
        slot = table.free[1]
        table.free[1] += 1
    table.free[2] += 1
    return slot


@kernel
def insert(table: Table, key: Any, hashed: Any) -> Int:
    """Take a free slot for a key that is not in the table; the caller has made sure that there is one."""
    slot = take_slot(table)
    flow = table.flows[slot]
    for i in range(KEY_WORDS):
        flow.key[i] = key[i]
    mask = np.uint64(table.entries.size - 1)
    at = hashed & mask
    while table.entries[at] != 0:
        at = (at + np.uint64(1)) & mask
    table.entries[at] = (hashed << np.uint64(32)) | np.uint64(slot + 1)
    return slot


@kernel
def forget(table: Table, slot: Int) -> None:
    """Take a slot's key out of the index; the record stays until `release`."""
    mask = np.uint64(table.entries.size - 1)
    at = hash_key(table.flows[slot].key, table.seed) & mask
    while np.int64(table.entries[at] & np.uint64(0xFFFFFFFF)) - 1 != slot:
        at = (at + np.uint64(1)) & mask
    hole = at
    while True:
        at = (at + np.uint64(1)) & mask
        entry = table.entries[at]
        if entry == 0:
            break
        home = (entry >> np.uint64(32)) & mask
        if ((at - home) & mask) >= ((at - hole) & mask):  # the entry may move back into the hole
            table.entries[hole] = entry
            hole = at
    table.entries[hole] = 0


@kernel
def release(table: Table, slot: Int) -> None:
    """Give a slot back; its record may be used anew from now on."""
    table.flows[slot].phase = FREE
    table.older[slot] = table.free[0]
    table.free[0] = slot
    table.free[2] -= 1


@kernel
def release_all(table: Table, slots: Any) -> None:
    """Give several slots back."""
    for i in range(slots.size):
        release(table, slots[i])


@kernel
def enqueue(table: Table, slot: Int, queue: Int) -> None:
    """Put a slot at the head of a queue."""
    head = table.heads[queue]
    table.flows[slot].queue = queue
    table.newer[slot] = NONE
    table.older[slot] = head
    if head == NONE:
        table.tails[queue] = slot
    else:
        table.newer[head] = slot
    table.heads[queue] = slot


@kernel
def dequeue(table: Table, slot: Int) -> None:
    """Take a slot out of its queue."""
    queue = table.flows[slot].queue
    newer, older = table.newer[slot], table.older[slot]
    if newer == NONE:
        table.heads[queue] = older
    else:
        table.older[newer] = older
    if older == NONE:
        table.tails[queue] = newer
    else:
        table.newer[older] = newer


@kernel
def touch(table: Table, slot: Int) -> None:
    """Move a slot to the head of its queue: it was updated just now."""
    queue = table.flows[slot].queue
    if table.heads[queue] != slot:
        dequeue(table, slot)
        enqueue(table, slot, queue)
