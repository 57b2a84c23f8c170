"""What one packet changes in the record of its flow.

Lengths are summed as integers, so their moments are exact; gaps have no such bound and use Welford's recurrence
(Technometrics 4(3), 1962). The definitions are those of `clan.schema`.
"""

from __future__ import annotations

from typing import Any, Final

from clan.flows.jit import Int, kernel
from clan.flows.packet import ACK, CWR, ECE, FIN, PSH, RST, SYN, TCP, URG
from clan.flows.profile import SECOND
from clan.flows.state import BACKWARD, FORWARD

ACTIVE_GAP_US: Final = 5 * SECOND
SUBFLOW_GAP_US: Final = 1 * SECOND
BULK_GAP_US: Final = 1 * SECOND
BULK_PACKETS: Final = 4


@kernel
def begin(flow: Any, packet: Any, way: Int) -> None:
    """Empty the statistics of a flow that starts with this packet."""
    flow.first_ts = packet.ts
    flow.last_ts = packet.ts
    flow.active_since = packet.ts
    flow.first_way = way
    flow.fin_ways = 0
    flow.protocol = packet.protocol
    flow.smallest = packet.payload
    flow.gap_max = flow.gap_min = 0
    flow.gap_mean = flow.gap_m2 = 0.0
    flow.syn = flow.fin = flow.rst = flow.ack = flow.cwr = flow.ece = 0
    flow.subflows = 1
    clear_moments(flow.active)
    clear_moments(flow.idle)
    for side in (FORWARD, BACKWARD):
        flow.packets[side] = flow.bytes[side] = 0
        flow.bytes_squared[side] = 0.0
        flow.length_max[side] = flow.length_min[side] = 0
        flow.header_bytes[side] = flow.header_min[side] = 0
        flow.window[side] = -1
        flow.filled[side] = flow.psh[side] = flow.urg[side] = 0
        flow.way_last_ts[side] = flow.way_gap_sum[side] = flow.way_gap_max[side] = flow.way_gap_min[side] = 0
        flow.way_gap_mean[side] = flow.way_gap_m2[side] = 0.0
        clear_bulk(flow.bulk[side])
    if packet.protocol == TCP:
        flow.window[FORWARD] = 0  # as the column is defined: 0, not -1, while no forward packet was seen


@kernel
def clear_moments(series: Any) -> None:
    """Empty a series."""
    series.count = series.max = series.min = 0
    series.mean = series.m2 = 0.0


@kernel
def clear_bulk(bulk: Any) -> None:
    """Empty a bulk record."""
    bulk.start = bulk.last = bulk.run_packets = bulk.run_bytes = 0
    bulk.count = bulk.packets = bulk.bytes = bulk.duration = 0


@kernel
def add_to_moments(series: Any, value: Int) -> None:
    """Add one value to a series."""
    series.count += 1
    if series.count == 1:
        series.max = series.min = value
    elif value > series.max:
        series.max = value
    elif value < series.min:
        series.min = value
    delta = value - series.mean
    series.mean += delta / series.count
    series.m2 += delta * (value - series.mean)


@kernel
def update(flow: Any, packet: Any, way: Int, lycos: bool, closes: bool) -> None:
    """Add a packet to its flow.

    Args:
        flow: The `STATE` record.
        packet: The decoded `PACKET`.
        way: `FORWARD` or `BACKWARD`.
        lycos: Whether the original extractor's rules hold.
        closes: Whether this packet ends the flow by FIN or RST in profile lycos, which then leaves out the active
            and idle periods.
    """
    n = flow.packets[FORWARD] + flow.packets[BACKWARD]
    ts = packet.ts
    if n > 0:
        gap = ts - flow.last_ts
        if gap < 0 and not lycos:  # a clock that steps back a little: order of arrival counts
            gap = 0
            ts = flow.last_ts
        update_gaps(flow, gap, n, closes and lycos)
        flow.smallest = min(flow.smallest, packet.payload)
    update_bulk(flow, way, ts, packet.payload, lycos)
    update_way(flow, packet, way, ts, lycos)
    if packet.flags:
        update_flags(flow, packet.flags, way)
    flow.last_ts = ts


@kernel
def update_gaps(flow: Any, gap: Int, n: Int, skip_activity: bool) -> None:
    """Add the gap between the flow's last packet, its nth, and this one."""
    if n == 1:
        flow.gap_max = flow.gap_min = gap
    elif gap > flow.gap_max:
        flow.gap_max = gap
    elif gap < flow.gap_min:
        flow.gap_min = gap
    delta = gap - flow.gap_mean
    flow.gap_mean += delta / n
    flow.gap_m2 += delta * (gap - flow.gap_mean)
    if gap > SUBFLOW_GAP_US:
        flow.subflows += 1
        if gap > ACTIVE_GAP_US and not skip_activity:
            period = flow.last_ts - flow.active_since
            if period > 0:
                add_to_moments(flow.active, period)
            add_to_moments(flow.idle, gap)
            flow.active_since = flow.last_ts + gap


@kernel
def update_way(flow: Any, packet: Any, way: Int, ts: Int, lycos: bool) -> None:
    """Add the packet to the statistics of its direction."""
    payload = packet.payload
    n = flow.packets[way]
    if n == 0:
        flow.length_min[way] = 0 if lycos and way != flow.first_way else payload
        flow.length_max[way] = payload
        flow.header_min[way] = packet.header
        if packet.protocol == TCP:
            flow.window[way] = packet.window
    else:
        flow.length_max[way] = max(flow.length_max[way], payload)
        flow.length_min[way] = min(flow.length_min[way], payload)
        flow.header_min[way] = min(flow.header_min[way], packet.header)
        gap = ts - flow.way_last_ts[way]
        if n == 1:
            flow.way_gap_max[way] = flow.way_gap_min[way] = gap
        else:
            flow.way_gap_max[way] = max(flow.way_gap_max[way], gap)
            flow.way_gap_min[way] = min(flow.way_gap_min[way], gap)
        flow.way_gap_sum[way] += gap
        delta = gap - flow.way_gap_mean[way]
        flow.way_gap_mean[way] += delta / n
        flow.way_gap_m2[way] += delta * (gap - flow.way_gap_mean[way])
    flow.packets[way] = n + 1
    flow.bytes[way] += payload
    flow.bytes_squared[way] += float(payload) * float(payload)
    flow.header_bytes[way] += packet.header
    if payload > 0:
        flow.filled[way] += 1
    flow.way_last_ts[way] = ts


@kernel
def update_flags(flow: Any, flags: Int, way: Int) -> None:
    """Count the TCP flags; only TCP packets have any."""
    flow.syn += (flags & SYN) != 0
    flow.fin += (flags & FIN) != 0
    flow.rst += (flags & RST) != 0
    flow.ack += (flags & ACK) != 0
    flow.cwr += (flags & CWR) != 0
    flow.ece += (flags & ECE) != 0
    flow.psh[way] += (flags & PSH) != 0
    flow.urg[way] += (flags & URG) != 0


@kernel
def update_bulk(flow: Any, way: Int, ts: Int, payload: Int, lycos: bool) -> None:
    """Follow bulks: four or more packets with payload in one direction, none in the other, no gap above 1 s.

    The original tells "in between" by times, so packets of one microsecond pass it by; here the order counts.
    """
    if payload <= 0:
        return
    bulk, other = flow.bulk[way], flow.bulk[1 - way]
    if lycos:
        anew = other.last > bulk.start or bulk.start == 0
    else:
        anew = bulk.run_packets == 0
        other.run_packets = 0
    if anew or ts - bulk.last > BULK_GAP_US:
        bulk.start = ts
        bulk.run_packets = 1
        bulk.run_bytes = payload
    else:
        bulk.run_packets += 1
        bulk.run_bytes += payload
        if bulk.run_packets == BULK_PACKETS:
            bulk.count += 1
            bulk.packets += BULK_PACKETS
            bulk.bytes += bulk.run_bytes
            bulk.duration += ts - bulk.start
        elif bulk.run_packets > BULK_PACKETS:
            bulk.packets += 1
            bulk.bytes += payload
            bulk.duration += ts - bulk.last
    bulk.last = ts
