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
NEITHER: Final = -1


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
    flow.ack = 0
    flow.bulk_way = NEITHER
    flow.subflows = 1
    clear_moments(flow.active)
    clear_moments(flow.idle)
    flow.tunnel = packet.tunnel
    if packet.tunnel:
        note_tunnel(flow, packet, way)
    clear_way(flow.ways[FORWARD])
    clear_way(flow.ways[BACKWARD])
    if packet.protocol == TCP:
        flow.ways[FORWARD].window = 0  # as the column is defined: 0, not -1, while no forward packet was seen


@kernel
def note_tunnel(flow: Any, packet: Any, way: Int) -> None:
    """Remember the tunnel of the first packet, in the direction of the flow."""
    source, target = (0, 2) if way == FORWARD else (2, 0)
    flow.tunnel_id = packet.tunnel_id
    flow.outer_version = packet.outer_version
    flow.outer[source], flow.outer[source + 1] = packet.outer_src_hi, packet.outer_src_lo
    flow.outer[target], flow.outer[target + 1] = packet.outer_dst_hi, packet.outer_dst_lo


@kernel
def clear_way(side: Any) -> None:
    """Empty the record of a direction."""
    side.last_ts = side.gap_sum = side.gap_max = side.gap_min = 0
    side.gap_mean = side.gap_m2 = 0.0
    side.bytes = side.header_bytes = side.packets = 0
    side.bytes_squared = 0.0
    side.filled = side.length_max = side.length_min = side.header_min = 0
    side.psh = side.urg = side.syn = side.fin = side.rst = side.cwr = side.ece = 0
    side.window = -1
    side.between = 0
    clear_bulk(side.bulk)


@kernel
def clear_moments(series: Any) -> None:
    """Empty a series."""
    series.n = series.largest = series.least = 0
    series.average = series.squares = 0.0


@kernel
def clear_bulk(bulk: Any) -> None:
    """Empty a bulk record."""
    bulk.start = bulk.last = bulk.run_packets = bulk.run_bytes = 0
    bulk.count = bulk.packets = bulk.bytes = bulk.duration = 0


@kernel
def add_to_moments(series: Any, value: Int) -> None:
    """Add one value to a series."""
    series.n += 1
    if series.n == 1:
        series.largest = series.least = value
    elif value > series.largest:
        series.largest = value
    elif value < series.least:
        series.least = value
    delta = value - series.average
    series.average += delta / series.n
    series.squares += delta * (value - series.average)


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
    n = flow.ways[FORWARD].packets + flow.ways[BACKWARD].packets
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
    if packet.tcp_flags:
        update_flags(flow, packet.tcp_flags, way)
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
    side, payload = flow.ways[way], packet.payload
    n = side.packets
    if n == 0:
        side.length_min = 0 if lycos and way != flow.first_way else payload
        side.length_max = payload
        side.header_min = packet.header
        if packet.protocol == TCP:
            side.window = packet.window
    else:
        side.length_max = max(side.length_max, payload)
        side.length_min = min(side.length_min, payload)
        side.header_min = min(side.header_min, packet.header)
        gap = ts - side.last_ts
        if n == 1:
            side.gap_max = side.gap_min = gap
        else:
            side.gap_max = max(side.gap_max, gap)
            side.gap_min = min(side.gap_min, gap)
        side.gap_sum += gap
        delta = gap - side.gap_mean
        side.gap_mean += delta / n
        side.gap_m2 += delta * (gap - side.gap_mean)
    side.packets = n + 1
    side.bytes += payload
    side.bytes_squared += float(payload) * float(payload)
    side.header_bytes += packet.header
    if payload > 0:
        side.filled += 1
    between = packet.behind_ip - packet.header - payload
    if between != 0:  # seldom, and its place lies on another cache line
        side.between += between
    side.last_ts = ts


@kernel
def update_flags(flow: Any, flags: Int, way: Int) -> None:
    """Count the TCP flags; only TCP packets have any."""
    side = flow.ways[way]
    flow.ack += (flags & ACK) != 0
    side.psh += (flags & PSH) != 0
    if flags & ~(ACK | PSH):  # seldom
        side.syn += (flags & SYN) != 0
        side.fin += (flags & FIN) != 0
        side.rst += (flags & RST) != 0
        side.cwr += (flags & CWR) != 0
        side.ece += (flags & ECE) != 0
        side.urg += (flags & URG) != 0


@kernel
def update_bulk(flow: Any, way: Int, ts: Int, payload: Int, lycos: bool) -> None:
    """Follow bulks: four or more packets with payload in one direction, none in the other, no gap above 1 s.

    The original tells "in between" by times, so packets of one microsecond pass it by; here the order counts.
    """
    if payload <= 0:
        return
    bulk = flow.ways[way].bulk
    if lycos:
        anew = flow.ways[1 - way].bulk.last > bulk.start or bulk.start == 0
    else:
        anew = flow.bulk_way != way
        flow.bulk_way = way
    if anew or ts - bulk.last > BULK_GAP_US:
        bulk.start = ts
        bulk.run_packets = 1
        bulk.run_bytes = payload
    elif bulk.run_packets == BULK_PACKETS:
        bulk.packets += 1
        bulk.bytes += payload
        bulk.duration += ts - bulk.last
    else:
        bulk.run_packets += 1
        bulk.run_bytes += payload
        if bulk.run_packets == BULK_PACKETS:
            bulk.count += 1
            bulk.packets += BULK_PACKETS
            bulk.bytes += bulk.run_bytes
            bulk.duration += ts - bulk.start
    bulk.last = ts
