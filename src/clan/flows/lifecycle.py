"""How flows begin, go on and end."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clan.flows import counters as c
from clan.flows.ahead import Ahead
from clan.flows.early import becomes_long, copy_flow
from clan.flows.jit import Int, kernel
from clan.flows.packet import ACK, FIN, RST, SYN, TCP, UDP, UDPLITE
from clan.flows.payload import begin_payload, end_payload, take_payload
from clan.flows.profile import Rules
from clan.flows.sampling import SAMPLE, pass_over
from clan.flows.state import BACKWARD, CLOSED_KEY, CLOSING, DONE, FORWARD, OPEN
from clan.flows.statistics import begin, update
from clan.flows.table import (
    CLOSED_QUEUE,
    NONE,
    OTHER_QUEUE,
    QUEUES,
    TCP_QUEUE,
    UDP_QUEUE,
    Table,
    dequeue,
    enqueue,
    find,
    forget,
    insert,
    is_full,
    release,
    touch,
)

DONE_COUNT: Final = 0
NEXT_EXPIRY: Final = 1
EVICT_AT_ONCE: Final = 256
# What a packet means for the flow that its key finds.
GOES_ON: Final = 0
OVER: Final = 1
CUT: Final = 2


class Exit(NamedTuple):
    """Where finished flows wait to be taken, with the counters and control words of the stream."""

    done: npt.NDArray[np.int64]  # slots of finished flows
    counters: npt.NDArray[np.int64]  # as in `counters`
    control: npt.NDArray[np.int64]  # DONE_COUNT, NEXT_EXPIRY, CLOCK, RESET, SAMPLE
    passed: npt.NDArray[np.uint64]  # hashes of flows that are not followed, (PASSED_OVER,)
    passed_ts: npt.NDArray[np.int64]  # their last packets, us


@kernel
def idle_timeout(rules: Rules, queue: Int) -> Int:
    """Give the time after which a flow of a queue ends, in us."""
    if queue == TCP_QUEUE:
        return rules.tcp_idle
    if queue == UDP_QUEUE:
        return rules.udp_idle
    if queue == OTHER_QUEUE:
        return rules.other_idle
    return rules.closed_keep


@kernel
def finish(table: Table, slot: Int, out: Exit) -> None:
    """End a flow: nothing finds it any more, and it waits to be taken."""
    dequeue(table, slot)
    forget(table, slot)
    end_payload(table.payload, slot)
    table.flows[slot].phase = DONE
    out.done[out.control[DONE_COUNT]] = slot
    out.control[DONE_COUNT] += 1


@kernel
def expire(table: Table, rules: Rules, now: Int, out: Exit) -> bool:
    """End every flow that has been silent for longer than its timeout.

    Returns:
        False when the room for finished flows ran out before the work was done.
    """
    soonest = np.int64(1) << 62
    for queue in range(QUEUES):
        timeout = idle_timeout(rules, queue)
        while table.tails[queue] != NONE:
            slot = table.tails[queue]
            due = table.flows[slot].last_ts + timeout
            if due >= now:
                soonest = min(soonest, due)
                break
            if table.flows[slot].phase == CLOSED_KEY:
                dequeue(table, slot)
                forget(table, slot)
                release(table, slot)
                continue
            if out.control[DONE_COUNT] + 4 > out.done.size:
                return False
            finish(table, slot, out)
    out.control[NEXT_EXPIRY] = soonest
    return True


@kernel
def make_room(table: Table, out: Exit) -> bool:
    """Make a slot free when the table is full.

    Returns:
        False when the caller must take the finished flows first; flows are then evicted in small lots, so that a
        flood does not pay for each of them alone.
    """
    if out.control[DONE_COUNT] == 0:
        for _ in range(min(EVICT_AT_ONCE, max(table.free[4] // 16, 2), out.done.size)):
            oldest = NONE
            for queue in range(QUEUES):
                tail = table.tails[queue]
                if tail != NONE and (oldest == NONE or table.flows[tail].last_ts < table.flows[oldest].last_ts):
                    oldest = tail
            if oldest == NONE:
                break
            if table.flows[oldest].phase == CLOSED_KEY:
                dequeue(table, oldest)
                forget(table, oldest)
                release(table, oldest)
            else:
                finish(table, oldest, out)
                out.counters[c.EVICTED] += 1
    return not is_full(table)


@kernel
def open_flow(packet: Any, key: Any, hashed: Any, table: Table, rules: Rules, out: Exit) -> Int:
    """Take a slot for a new flow and put it into its queue; the direction is still to be set."""
    slot = insert(table, key, hashed)
    flow = table.flows[slot]
    flow.phase = OPEN
    begin_payload(table.payload, slot)
    flow.ordinal = out.counters[c.FLOWS]
    out.counters[c.FLOWS] += 1
    queue = OTHER_QUEUE
    if packet.protocol == TCP:
        queue = TCP_QUEUE
    elif packet.protocol in (UDP, UDPLITE):
        queue = UDP_QUEUE
    enqueue(table, slot, queue)
    out.control[NEXT_EXPIRY] = min(out.control[NEXT_EXPIRY], packet.ts + idle_timeout(rules, queue))
    return slot


@kernel
def close_key(packet: Any, key: Any, hashed: Any, table: Table, rules: Rules, out: Exit) -> None:
    """Remember a closed key (profile lycos): its packets are ignored for a while."""
    slot = insert(table, key, hashed)
    flow = table.flows[slot]
    flow.phase = CLOSED_KEY
    flow.last_ts = packet.ts
    enqueue(table, slot, CLOSED_QUEUE)
    out.control[NEXT_EXPIRY] = min(out.control[NEXT_EXPIRY], packet.ts + rules.closed_keep)


@kernel
def place_packet(buffer: Any, ahead: Ahead, i: Int, rules: Rules, table: Table, out: Exit) -> Int:
    """Find or open the packet's flow and add it there.

    Args:
        buffer: The bytes that the packet lies in.
        ahead: Decoded packets and their keys.
        i: Which of them.
        rules: The profile.
        table: Open flows.
        out: Finished flows, counters and control words.

    Returns:
        A verdict of `counters`: OK, AFTER_CLOSE or SAMPLED_OUT.
    """
    packet, key, hashed, from_a = ahead.records[i], ahead.keys[i], ahead.hashes[i], ahead.from_a[i]
    slot = find(table, key, hashed)
    if slot != NONE and table.flows[slot].phase == CLOSED_KEY:
        if packet.protocol != TCP or not packet.tcp_flags & SYN or packet.tcp_flags & (FIN | RST):
            return c.AFTER_CLOSE
        dequeue(table, slot)
        forget(table, slot)
        release(table, slot)
        slot = NONE
    inherited = NONE
    if slot != NONE:
        fate = fate_of(table.flows[slot], packet, rules)
        if fate != GOES_ON:
            if fate == CUT:
                inherited = table.flows[slot].forward_is_a  # a long flow keeps its direction when it is cut
            finish(table, slot, out)
            slot = NONE
    closes = packet.protocol == TCP and packet.tcp_flags & (FIN | RST) != 0
    if slot == NONE:
        verdict = refuse(packet, key, hashed, inherited != NONE, table, rules, out)
        if verdict != c.OK:
            return verdict
        slot = open_flow(packet, key, hashed, table, rules, out)
        set_direction(table.flows[slot], packet, from_a, inherited, rules.lycos)
    flow = table.flows[slot]
    way = FORWARD if from_a == flow.forward_is_a else BACKWARD
    before = flow.last_ts
    update(flow, packet, way, rules.lycos, closes)
    take_payload(buffer, packet, slot, way, table.payload, out.counters)
    if rules.lycos and closes:
        finish(table, slot, out)
        close_key(packet, key, hashed, table, rules, out)
        return c.OK
    touch(table, slot)
    if closes and flow.phase == OPEN:
        note_close(flow, packet, way, slot, table, rules, out)
    report_early(table, slot, before, rules, out)
    return c.OK


@kernel
def refuse(packet: Any, key: Any, hashed: Any, goes_on: bool, table: Table, rules: Rules, out: Exit) -> Int:
    """Tell why a packet may not open a flow: AFTER_CLOSE or SAMPLED_OUT, or OK when it may."""
    if rules.lycos and packet.protocol == TCP and packet.tcp_flags & (FIN | RST):  # FIN or RST of no flow
        close_key(packet, key, hashed, table, rules, out)
        return c.AFTER_CLOSE
    if out.control[SAMPLE] > 0 and not goes_on and pass_over(packet, packet.tcp_flags, key, rules, out):
        return c.SAMPLED_OUT
    return c.OK


@kernel
def report_early(table: Table, slot: Int, before: Int, rules: Rules, out: Exit) -> None:
    """Put a copy of a flow that has become long with the finished ones; its last packet but one came at `before`."""
    if rules.early and becomes_long(table.flows[slot], before, rules):
        out.done[out.control[DONE_COUNT]] = copy_flow(table, slot, out.counters)
        out.control[DONE_COUNT] += 1
        out.counters[c.EARLY_REPORTS] += 1


@kernel
def fate_of(flow: Any, packet: Any, rules: Rules) -> Int:
    """Tell what a packet means for the flow of its key.

    Returns:
        GOES_ON; OVER when the packet comes too late or starts a new connection; CUT when the flow is only too old.
    """
    if packet.ts - flow.last_ts > idle_timeout(rules, flow.queue):
        return OVER
    if flow.phase == CLOSING and packet.tcp_flags & (SYN | ACK | FIN | RST) == SYN:
        return OVER
    return CUT if packet.ts - flow.first_ts > rules.active else GOES_ON


@kernel
def set_direction(flow: Any, packet: Any, from_a: Any, inherited: Int, lycos: bool) -> None:
    """Decide which endpoint is the source, and empty the statistics.

    The first packet comes from the source; only a SYN with ACK is an answer whose question was missed.
    """
    flags = packet.byte13 if lycos else packet.tcp_flags
    answer = flags & (SYN | ACK) == SYN | ACK
    if inherited != NONE:
        flow.forward_is_a = inherited
    else:
        flow.forward_is_a = from_a != answer
    begin(flow, packet, FORWARD if from_a == flow.forward_is_a else BACKWARD)


@kernel
def note_close(flow: Any, packet: Any, way: Int, slot: Int, table: Table, rules: Rules, out: Exit) -> None:
    """Move a flow to the short queue once both sides have sent FIN, or one has sent RST."""
    if packet.tcp_flags & FIN:
        flow.fin_ways |= 1 << way
    if packet.tcp_flags & RST or flow.fin_ways == 3:
        flow.phase = CLOSING
        dequeue(table, slot)
        enqueue(table, slot, CLOSED_QUEUE)
        out.control[NEXT_EXPIRY] = min(out.control[NEXT_EXPIRY], flow.last_ts + rules.closed_keep)


@kernel
def newest_update(table: Table) -> Int:
    """Give the time at which an open flow was updated last, in us."""
    newest = -(np.int64(1) << 62)
    for queue in range(CLOSED_QUEUE):
        if table.heads[queue] != NONE:
            newest = max(newest, table.flows[table.heads[queue]].last_ts)
    return newest


@kernel
def oldest_update(table: Table) -> Int:
    """Give the time of the last packet of the flow that has been silent longest, in us: none will end before it."""
    oldest = np.int64(1) << 62
    for queue in range(QUEUES):
        if table.tails[queue] != NONE:
            oldest = min(oldest, table.flows[table.tails[queue]].last_ts)
    return oldest


@kernel
def flush(table: Table, rules: Rules, newest: Int, out: Exit) -> bool:
    """End every open flow, the one that was updated longest ago first.

    Args:
        table: The open flows.
        rules: Profile lycos reports only flows that began `flush_age` before `newest`.
        newest: As `newest_update` gave it before the first call.
        out: Where the flows go.

    Returns:
        False when the room for finished flows ran out before the work was done.
    """
    for queue in range(QUEUES):
        while table.tails[queue] != NONE:
            slot = table.tails[queue]
            flow = table.flows[slot]
            if flow.phase != CLOSED_KEY and (rules.flush_age == 0 or newest - flow.first_ts >= rules.flush_age):
                if out.control[DONE_COUNT] == out.done.size:
                    return False
                finish(table, slot, out)
                continue
            if flow.phase != CLOSED_KEY:
                out.counters[c.UNFINISHED] += 1
                end_payload(table.payload, slot)
            dequeue(table, slot)
            forget(table, slot)
            release(table, slot)
    return True
