"""What is remembered: a table for each kind of entity, a hash index over fixed records, evicted by age.

The index is open addressing with linear probing at a load of one half, keyed with a secret so that nobody can aim for
collisions; an entry is the lower 32 bits of the hash and a slot. Deletion shifts entries back, so no tombstones gather.
A doubly linked list over the slots has the entity that was updated longest ago at its tail: it makes room when a table
is full. What is evicted depends on the flows alone, never on where entries lie.

Slot 0 of each table is no entity: its record stays empty, and stands for whatever is not there.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clan.context.settings import ContextSettings
from clan.flows.jit import Int, kernel, record_type
from clan.schema.context_group import LAST_FLOWS, WINDOWS

KEY_WORDS: Final = 5
N_WINDOWS: Final = len(WINDOWS)
MOST_BYTES: Final = (1 << 31) - 1
"""Sizes above it are alike."""

LINK: Final = record_type([("key", np.uint64, (KEY_WORDS,)), ("last", np.int64)])
"""A combination that was seen, and when (us of the stream's clock)."""

ENTITY: Final = record_type(
    [
        ("key", np.uint64, (KEY_WORDS,)),
        ("last", np.int64),  # us of the stream's clock, of the last update
        ("start", np.int64),  # us, the latest start of a flow
        ("flows", np.float64, (N_WINDOWS,)),
        ("others", np.float64, (N_WINDOWS,)),  # distinct: see clan.schema.context_group.ENTITIES
        ("ports", np.float64, (N_WINDOWS,)),  # distinct: of sources and destinations only
        ("answerable", np.float64),  # flows of which is known whether they were answered; 60 s
        ("unanswered", np.float64),
        ("sized", np.float64),  # flows whose packets are known; 60 s
        ("tiny", np.float64),
        ("flagged", np.float64),  # flows whose flags are known; 15 min, as all that follow
        ("reset", np.float64),
        ("failed", np.float64),
        ("succeeded", np.float64),
        ("bytes_out", np.float64),
        ("bytes_in", np.float64),
        ("gaps", np.float64),  # number, sum and sum of squares (s) of the times from start to start
        ("gap_sum", np.float64),
        ("gap_square", np.float64),
        ("n_last", np.int64),  # flows since the last silence
        ("out_last", np.int32, (LAST_FLOWS,)),  # bytes, a ring: flow n at n % LAST_FLOWS; -1 unknown
        ("in_last", np.int32, (LAST_FLOWS,)),
    ]
)


ENTITY_LINES: Final = -(-ENTITY.itemsize // 64)
"""Cache lines of a record."""


class Table(NamedTuple):
    """One kind of entity."""

    records: Any  # ENTITY or LINK records, (capacity + 1,)
    entries: npt.NDArray[np.uint64]  # (power of two,), 0 = empty, else hash << 32 | slot
    newer: npt.NDArray[np.int32]  # (capacity + 1,), neighbour towards the head
    older: npt.NDArray[np.int32]  # (capacity + 1,), neighbour towards the tail
    ends: npt.NDArray[np.int64]  # head, tail, slots in use, evictions
    seed: npt.NDArray[np.uint64]  # (2,)


class Memory(NamedTuple):
    """All that is remembered of one stream."""

    entities: Table  # sources, destinations, pairs, services, source-port pairs: their keys tell them apart
    links: Table  # combinations of source and service
    clock: npt.NDArray[np.int64]  # NEWEST, BEGAN, SEEN, BACKWARD of clan.context.kernel


HEAD: Final = 0
TAIL: Final = 1
USED: Final = 2
EVICTED: Final = 3


def new_memory(settings: ContextSettings, seed: int) -> Memory:
    """Make an empty memory; the system gives its pages only as they are used."""
    words = np.random.default_rng(seed).integers(1, 1 << 63, 2, dtype=np.uint64) | np.uint64(1)
    return Memory(
        entities=_new_table(settings.max_entities, ENTITY, words),
        links=_new_table(settings.max_links, LINK, words),
        clock=np.zeros(4, np.int64),
    )


def forget(memory: Memory) -> None:
    """Empty the memory, as at the start of a stream, at the cost of what is in it; counters of evictions go on."""
    for table in (memory.entities, memory.links):
        clear(table)
        table.records[: int(table.ends[USED]) + 1] = np.zeros((), table.records.dtype)
        table.ends[:EVICTED] = 0
    memory.clock.fill(0)


def _new_table(capacity: int, dtype: np.dtype[Any], seed: npt.NDArray[np.uint64]) -> Table:
    return Table(
        records=np.zeros(capacity + 1, dtype),
        entries=np.zeros(1 << (2 * capacity - 1).bit_length(), np.uint64),
        newer=np.zeros(capacity + 1, np.int32),
        older=np.zeros(capacity + 1, np.int32),
        ends=np.zeros(4, np.int64),
        seed=seed,
    )


@kernel
def hash_key(key: Any, seed: Any) -> Any:
    """Mix a key's words with the secret, to 64 bits."""
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
def find(table: Table, key: Any, hashed: Any) -> Int:
    """Give the slot of a key, or 0."""
    mask = np.uint64(table.entries.size - 1)
    tag = hashed << np.uint64(32)
    at = hashed & mask
    while table.entries[at] != 0:
        entry = table.entries[at]
        if (entry ^ tag) >> np.uint64(32) == 0:
            slot = np.int64(entry & np.uint64(0xFFFFFFFF))
            different = np.uint64(0)
            for i in range(KEY_WORDS):
                different |= table.records[slot].key[i] ^ key[i]
            if different == 0:
                return slot
        at = (at + np.uint64(1)) & mask
    return 0


@kernel
def take(table: Table, key: Any, hashed: Any) -> Int:
    """Make room for a key that is not there, and give its slot, at the head.

    What the record held before counts nothing any more: its new owner was never seen, so its factors are 0.
    """
    if table.ends[USED] + 1 < table.records.size:
        table.ends[USED] += 1
        slot = table.ends[USED]
    else:
        slot = table.ends[TAIL]
        table.ends[EVICTED] += 1
        _unlink(table, slot)
        _remove(table, slot)
    record = table.records[slot]
    for i in range(KEY_WORDS):
        record.key[i] = key[i]
    mask = np.uint64(table.entries.size - 1)
    at = hashed & mask
    while table.entries[at] != 0:
        at = (at + np.uint64(1)) & mask
    table.entries[at] = (hashed << np.uint64(32)) | np.uint64(slot)
    _put_first(table, slot)
    return slot


@kernel
def clear(table: Table) -> None:
    """Empty the index.

    While nothing was evicted no entry has moved: the latest first, each is found behind those that came before it.
    """
    used = table.ends[USED]
    if used + 1 == table.records.size:
        table.entries[:] = 0
        return
    mask = np.uint64(table.entries.size - 1)
    for slot in range(used, 0, -1):
        at = hash_key(table.records[slot].key, table.seed) & mask
        while np.int64(table.entries[at] & np.uint64(0xFFFFFFFF)) != slot:
            at = (at + np.uint64(1)) & mask
        table.entries[at] = 0


@kernel
def touch(table: Table, slot: Int) -> None:
    """Move a slot to the head: it was updated just now."""
    if table.ends[HEAD] != slot:
        _unlink(table, slot)
        _put_first(table, slot)


@kernel
def _put_first(table: Table, slot: Int) -> None:
    head = table.ends[HEAD]
    table.newer[slot] = 0
    table.older[slot] = head
    if head == 0:
        table.ends[TAIL] = slot
    else:
        table.newer[head] = slot
    table.ends[HEAD] = slot


@kernel
def _unlink(table: Table, slot: Int) -> None:
    newer, older = table.newer[slot], table.older[slot]
    if newer == 0:
        table.ends[HEAD] = older
    else:
        table.older[newer] = older
    if older == 0:
        table.ends[TAIL] = newer
    else:
        table.newer[older] = newer


@kernel
def _remove(table: Table, slot: Int) -> None:
    """Take a slot's key out of the index."""
    mask = np.uint64(table.entries.size - 1)
    at = hash_key(table.records[slot].key, table.seed) & mask
    while np.int64(table.entries[at] & np.uint64(0xFFFFFFFF)) != slot:
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
