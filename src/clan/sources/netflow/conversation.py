"""Which records are of one flow, and what they tell together: compiled loops over records in order of conversation."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows import Int, kernel, mix

APART_US: Final = 120_000_000
"""Silence after which a conversation is a new flow; the flow engine's longest idle timeout."""
SEED: Final = np.uint64(0x243F6A8885A308D3)
FIN_SYN_RST, SYN = 0x07, 0x02
UNKNOWN: Final = -1
"""What stands for a number that a record does not tell."""
START, END, PACKETS, BYTES, FLAGS, BACK_PACKETS, BACK_BYTES, BACK_FLAGS, VLAN, ORDER = range(10)
"""Columns of the numbers of records."""
N_NUMBERS: Final = 10
_NEVER: Final = (1 << 63) - 1


@kernel
def name_conversations(ends: Any, small: Any, names: Any, from_a: Any) -> None:
    """Name the conversation of each record, the same for both directions, and tell which end sent it.

    Args:
        ends: uint64 of shape `(4, n)`: source and destination, high and low half of each.
        small: uint64 of shape `(4, n)`: source and destination port, protocol, version.
        names: uint64 of shape `(n,)`, written. Two conversations may share a name.
        from_a: bool of shape `(n,)`, written: whether the lower end sent it.
    """
    for i in range(names.size):
        if ends[0, i] != ends[2, i]:
            is_a = ends[0, i] < ends[2, i]
        elif ends[1, i] != ends[3, i]:
            is_a = ends[1, i] < ends[3, i]
        else:
            is_a = small[0, i] <= small[1, i]
        one, other = (0, 2) if is_a else (2, 0)
        value = mix(mix(mix(mix(SEED, ends[one, i]), ends[one + 1, i]), ends[other, i]), ends[other + 1, i])
        ports = (small[one // 2, i] << np.uint64(16)) | small[other // 2, i]
        names[i] = mix(value, (ports << np.uint64(16)) | (small[2, i] << np.uint64(8)) | small[3, i])
        from_a[i] = is_a


@kernel
def name_contents(names: Any, from_a: Any, numbers: Any, out: Any) -> None:
    """Name what each record says, its place in the stream left out: uint64 of shape `(n,)`."""
    for i in range(out.size):
        value = mix(names[i], np.uint64(from_a[i]))
        for j in range(VLAN):
            value = mix(value, np.uint64(numbers[j, i]))
        out[i] = value


@kernel
def number_flows(begins: Any, tcp: Any, from_a: Any, numbers: Any, flow: Any) -> Int:
    """Give each record the number of its flow; gives how many flows there are.

    Args:
        begins: bool of shape `(n,)`: whether a conversation begins with this record. Records are in order of
            conversation, start and arrival.
        tcp: bool, `(n,)`.
        from_a: bool, `(n,)`.
        numbers: int64 of shape `(10, n)`.
        flow: int64 of shape `(n,)`, written.
    """
    at, flows = 0, np.int64(0)
    opener, latest, before = False, np.int64(0), np.int64(UNKNOWN)
    while at < begins.size:
        stop = at + 1
        while stop < begins.size and not begins[stop] and numbers[START, stop] == numbers[START, at]:
            stop += 1
        if begins[at] or numbers[START, at] - latest > APART_US:
            latest = numbers[END, at] if begins[at] else latest
            opener, before = from_a[at], np.int64(UNKNOWN)
            flows += 1
        for answers in (False, True):  # at the same time the side that opened comes first
            for i in range(at, stop):
                if (from_a[i] != opener) != answers:
                    continue
                if not answers:
                    flags = numbers[FLAGS, i]
                    over = before > 0 and (before & FIN_SYN_RST) != 0
                    if tcp[i] and over and flags > 0 and (flags & SYN) != 0:
                        flows += 1
                    before = flags
                flow[i] = flows - 1
                latest = max(latest, numbers[END, i])
        at = stop
    return flows


@kernel
def sum_flows(flow: Any, from_a: Any, low_a: Any, numbers: Any, sums: Any, ways: Any) -> None:
    """Put together what the records of each flow tell.

    Args:
        flow: int64 of shape `(n,)`: the flow of each record.
        from_a: bool, `(n,)`.
        low_a: int8, `(n,)`: 1 where end a has the lower port, -1 where end b has it, 0 where they are equal.
        numbers: int64 of shape `(10, n)`.
        sums: int64 of shape `(10, n_flows)`, written, in the direction of the flow.
        ways: int64 of shape `(7, n_flows)`, written: first record to arrive, whether end a is forward; the others are
            worked in: start of each end's records, whether they have SYN, and whether a has the lower port.
    """
    sums[:], ways[:] = 0, 0
    sums[VLAN], ways[0], ways[2:4] = UNKNOWN, -1, _NEVER
    for i in range(flow.size):
        at, side = flow[i], 0 if from_a[i] else 1
        fresh = ways[0, at] < 0
        sums[START, at] = numbers[START, i] if fresh else min(sums[START, at], numbers[START, i])
        sums[END, at] = numbers[END, i] if fresh else max(sums[END, at], numbers[END, i])
        if fresh or numbers[ORDER, i] < sums[ORDER, at]:
            sums[ORDER, at], ways[0, at] = numbers[ORDER, i], i
        if sums[VLAN, at] == UNKNOWN:
            sums[VLAN, at] = numbers[VLAN, i]
        ways[2 + side, at] = min(ways[2 + side, at], numbers[START, i])
        if numbers[FLAGS, i] > 0 and (numbers[FLAGS, i] & SYN) != 0:
            ways[4 + side, at] = 1
        ways[6, at] = low_a[i]
        for j in range(PACKETS, BACK_PACKETS):
            own, other = numbers[j, i], numbers[j + 3, i]
            # nothing was seen of the other direction, where a record is of one direction only
            other = UNKNOWN if own == UNKNOWN else max(other, 0)
            a, b = (own, other) if side == 0 else (other, own)
            sums[j, at] = together(sums[j, at], a, j)
            sums[j + 3, at] = together(sums[j + 3, at], b, j)
    for at in range(sums.shape[1]):
        ways[1, at] = is_a_forward(ways, at, from_a)
        if ways[1, at] == 0:
            for j in range(PACKETS, BACK_PACKETS):
                sums[j, at], sums[j + 3, at] = sums[j + 3, at], sums[j, at]


@kernel
def together(sum_: Int, more: Int, what: Int) -> Int:
    """Add counts, or unite flags; unknown where one of them is."""
    if sum_ < 0 or more < 0:
        return np.int64(UNKNOWN)
    return sum_ | more if what == FLAGS else sum_ + more


@kernel
def is_a_forward(ways: Any, at: Int, from_a: Any) -> bool:
    """Tell whether end a sent the first packet: by the times, by SYN, by the ports, by who came first."""
    if ways[2, at] != ways[3, at]:
        return ways[2, at] < ways[3, at]
    if ways[4, at] != ways[5, at]:
        return ways[4, at] == 1
    if ways[6, at] != 0:  # towards the lower port
        return ways[6, at] < 0
    return from_a[ways[0, at]]
