"""One flow after the other: write what its hosts did before it, then remember it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clan.context.absorb import absorb, distinct
from clan.context.decay import decay
from clan.context.emit import emit, emit_new, emit_nothing, emit_ports
from clan.context.memory import ENTITY_LINES, KEY_WORDS, N_WINDOWS, Memory, Table, find, hash_key, home_of, take, touch
from clan.context.rows import Rows
from clan.flows.jit import Int, kernel
from clan.flows.prefetch import prefetch
from clan.schema.context_group import CONTEXT_GROUP, HORIZON_S
from clan.schema.context_group import ENTITIES as PREFIXES

HORIZON: Final = round(HORIZON_S * 1e6)
NEWEST: Final = 0
BEGAN: Final = 1
SEEN: Final = 2
BACKWARD: Final = 3

SRC, DST, PAIR, SVC, SRCPORT = range(5)
LINK: Final = 5
ENTITIES: Final = 5
"""The order of the entities in the schema."""
GROUP: Final = 16
"""Flows looked at ahead, so that the memory they need is on its way when their turn comes."""
_LINE: Final = 64  # bytes of a cache line

_NAMES: Final = [feature.name for feature in CONTEXT_GROUP]
_COLUMNS: Final = np.array([_NAMES.index(f"ctx_{prefix}_flows_10s") for prefix in PREFIXES])
_SRC_PORTS: Final = _NAMES.index("ctx_src_ports_10s")
_DST_PORTS: Final = _NAMES.index("ctx_dst_ports_10s")
_NEW: Final = _NAMES.index("ctx_new_peer")


class Scratch(NamedTuple):
    """Room for what is known of the six combinations of a flow, and of the flows that come after it."""

    keys: npt.NDArray[np.uint64]  # (GROUP, ENTITIES + 1, KEY_WORDS), of flows looked at ahead; the last is the link
    hashes: npt.NDArray[np.uint64]  # (GROUP, ENTITIES + 1)
    slots: npt.NDArray[np.int64]  # (ENTITIES + 1,), 0 where it was not seen
    ages: npt.NDArray[np.int64]  # (ENTITIES + 1,), us since it was seen
    factors: npt.NDArray[np.float64]  # (ENTITIES + 1, N_WINDOWS), what a flow of that time counts now


def new_scratch() -> Scratch:
    """Make room."""
    return Scratch(
        np.zeros((GROUP, ENTITIES + 1, KEY_WORDS), np.uint64),
        np.zeros((GROUP, ENTITIES + 1), np.uint64),
        np.zeros(ENTITIES + 1, np.int64),
        np.zeros(ENTITIES + 1, np.int64),
        np.zeros((ENTITIES + 1, N_WINDOWS)),
    )


@kernel
def add_flows(memory: Memory, rows: Rows, first: Int, scratch: Scratch, out: Any) -> Int:
    """Write the context of flows, and remember them.

    Args:
        memory: What was seen so far.
        rows: Flows in their order.
        first: Where to begin.
        scratch: As `new_scratch` makes it.
        out: The features. Shape `(n_features, n)`, NaN for null.

    Returns:
        The number of flows, or of the flow in front of which the memory has to be emptied.
    """
    n = rows.start.size
    for begin in range(first, n, GROUP):
        end = min(begin + GROUP, n)
        _look_ahead(memory, rows, begin, end, scratch)
        for i in range(begin, end):
            if not rows.usable[i]:
                emit_nothing(out, i)
            elif rows.counted[i] and not _set_clock(memory.clock, rows.end[i]):
                return i
            else:
                _add_flow(memory, rows, i, i - begin, scratch, out)
    return n


@kernel
def _set_clock(clock: Any, end: Int) -> bool:
    """Move the clock to the end of a flow; gives whether the flow belongs to what was seen before it."""
    if not clock[SEEN]:
        clock[SEEN] = 1
        clock[BEGAN] = clock[NEWEST] = end
    if abs(end - clock[NEWEST]) > HORIZON:
        return False
    clock[BACKWARD] += end < clock[NEWEST]
    clock[NEWEST] = max(end, clock[NEWEST])
    return True


@kernel
def _look_ahead(memory: Memory, rows: Rows, begin: Int, end: Int, scratch: Scratch) -> None:
    """Make the keys of some flows, and ask for the memory of their combinations; nothing but the scratch changes."""
    for i in range(begin, end):
        keys, hashes = scratch.keys[i - begin], scratch.hashes[i - begin]
        _make_keys(rows, i, keys)
        for which in range(ENTITIES + 1):
            hashes[which] = hash_key(keys[which], memory.entities.seed)
            if which < LINK:
                prefetch(memory.entities.entries, home_of(memory.entities, hashes[which]), 0)
        prefetch(memory.links.entries, home_of(memory.links, hashes[LINK]), 0)
    for place in range(end - begin):
        for which in range(ENTITIES):
            entry = memory.entities.entries[home_of(memory.entities, scratch.hashes[place, which])]
            for line in range(ENTITY_LINES if entry else 0):
                prefetch(memory.entities.records, np.int64(entry & np.uint64(0xFFFFFFFF)), line * _LINE)
        entry = memory.links.entries[home_of(memory.links, scratch.hashes[place, LINK])]
        if entry:
            prefetch(memory.links.records, np.int64(entry & np.uint64(0xFFFFFFFF)), 0)


@kernel
def _make_keys(rows: Rows, i: Int, keys: Any) -> None:
    """Write six keys: words 0 and 1 are the source, 2 and 3 the destination, 4 the service and what it is a key of."""
    for which in range(ENTITIES + 1):
        has_src, has_dst, has_service = which not in (DST, SVC), which not in (SRC, SRCPORT), which >= SVC
        for word in range(2):
            keys[which, word] = rows.hosts[i, word] if has_src else 0
            keys[which, 2 + word] = rows.hosts[i, 2 + word] if has_dst else 0
        keys[which, 4] = np.uint64(which << 32) | (rows.service[i] if has_service else np.uint64(0))


@kernel
def _add_flow(memory: Memory, rows: Rows, i: Int, place: Int, scratch: Scratch, out: Any) -> None:
    """Write the context of a flow, and remember it; `place` is its own among those looked at ahead."""
    now = max(memory.clock[NEWEST], rows.end[i]) if memory.clock[SEEN] else rows.end[i]
    keys, hashes = scratch.keys[place], scratch.hashes[place]
    for which in range(ENTITIES):
        _look(memory.entities, which, now, keys, hashes, scratch)
        record = memory.entities.records[scratch.slots[which]]
        awake = scratch.ages[which] <= HORIZON
        emit(record, scratch.factors[which], awake, rows, i, out, _COLUMNS[which])
        if which == SRC:
            emit_ports(record, scratch.factors[SRC], i, out, _SRC_PORTS)
        if which == DST:
            emit_ports(record, scratch.factors[DST], i, out, _DST_PORTS)
    _look(memory.links, LINK, now, keys, hashes, scratch)
    told = memory.clock[SEEN] and now - memory.clock[BEGAN] >= HORIZON
    emit_new(told, scratch.ages[PAIR] > HORIZON, i, out, _NEW)
    emit_new(told, scratch.ages[LINK] > HORIZON, i, out, _NEW + 1)
    emit_new(told, scratch.ages[SRCPORT] > HORIZON, i, out, _NEW + 2)
    if rows.counted[i]:
        _remember(memory, rows, i, now, keys, hashes, scratch)


@kernel
def _look(table: Table, which: Int, now: Int, keys: Any, hashes: Any, scratch: Scratch) -> None:
    """Find an entity, and how much what it did last counts now; nothing where it was not seen."""
    slot = find(table, keys[which], hashes[which])
    scratch.slots[which] = slot
    if slot:
        scratch.ages[which] = now - table.records[slot].last
        decay(scratch.ages[which], scratch.factors[which])
    else:
        scratch.ages[which] = HORIZON + 1
        for window in range(N_WINDOWS):
            scratch.factors[which, window] = 0.0


@kernel
def _remember(memory: Memory, rows: Rows, i: Int, now: Int, keys: Any, hashes: Any, scratch: Scratch) -> None:
    """Add a flow to its six combinations."""
    slots, factors, entities = scratch.slots, scratch.factors, memory.entities
    for which in range(ENTITIES):
        if slots[which]:  # before any is made room for, so that none of these is what has to go
            touch(entities, slots[which])
    for which in range(ENTITIES):
        if not slots[which]:
            slots[which] = take(entities, keys[which], hashes[which])
        absorb(entities.records[slots[which]], factors[which], scratch.ages[which] <= HORIZON, rows, i)
        entities.records[slots[which]].last = now
    if slots[LINK]:
        touch(memory.links, slots[LINK])
    else:
        slots[LINK] = take(memory.links, keys[LINK], hashes[LINK])
    memory.links.records[slots[LINK]].last = now
    src, dst, pair = entities.records[slots[SRC]], entities.records[slots[DST]], entities.records[slots[PAIR]]
    svc, srcport = entities.records[slots[SVC]], entities.records[slots[SRCPORT]]
    distinct(src.others, factors[SRC], factors[PAIR])
    distinct(dst.others, factors[DST], factors[PAIR])
    distinct(pair.others, factors[PAIR], factors[LINK])
    distinct(svc.others, factors[SVC], factors[LINK])
    distinct(srcport.others, factors[SRCPORT], factors[LINK])
    distinct(src.ports, factors[SRC], factors[SRCPORT])
    distinct(dst.ports, factors[DST], factors[SVC])
