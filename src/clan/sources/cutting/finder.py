"""Which packets belong to one of a few flows: what cutting a capture needs, without a flow table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from clan.flows import counters as c
from clan.flows.addresses import address_words
from clan.flows.assemble import Packets
from clan.flows.decode import decode_frame
from clan.flows.jit import Int, kernel, record_type
from clan.flows.packet import PACKET
from clan.schema import has_ports

_WANTED: Final = record_type(
    [
        ("src_hi", np.uint64),
        ("src_lo", np.uint64),
        ("dst_hi", np.uint64),
        ("dst_lo", np.uint64),
        ("first", np.int64),
        ("last", np.int64),
        ("src_port", np.int32),
        ("dst_port", np.int32),
        ("protocol", np.int32),
        ("version", np.int32),
        ("ported", np.int32),  # whether the ports have to be the same
    ]
)


class WantedFlow(NamedTuple):
    """A flow whose packets are looked for, in both directions.

    Attributes:
        src_ip: Originator.
        src_port: Its port, or None.
        dst_ip: Responder.
        dst_port: Its port, or None.
        protocol: IANA number.
        first_us: When it began, us of the epoch.
        last_us: When it ended.
    """

    src_ip: str
    src_port: int | None
    dst_ip: str
    dst_port: int | None
    protocol: int
    first_us: int
    last_us: int


class FlowFinder:
    """Finds the packets of a few flows. The cost of a packet grows with their number: a hundred are quick.

    Args:
        flows: The flows. Those whose addresses cannot be read have no packets.
    """

    def __init__(self, flows: Sequence[WantedFlow]) -> None:
        self._wanted = np.recarray(len(flows), _WANTED)
        for end, column in (("src", 0), ("dst", 2)):
            words = address_words(pl.Series([flow[column] for flow in flows], dtype=pl.String))
            self._wanted[f"{end}_hi"], self._wanted[f"{end}_lo"] = words.high, words.low
            self._wanted["version"] = words.version
        for i, flow in enumerate(flows):
            ported = has_ports(flow.protocol) and flow.src_port is not None and flow.dst_port is not None
            row = self._wanted[i]
            row.src_port, row.dst_port = flow.src_port or 0, flow.dst_port or 0
            row.protocol, row.ported, row.first, row.last = flow.protocol, ported, flow.first_us, flow.last_us
        self._records = np.recarray(2, PACKET)

    def find(self, packets: Packets) -> npt.NDArray[np.int64]:
        """Give the number of the flow that each packet belongs to, -1 where it is none; shape `(n_packets,)`."""
        found = np.empty(len(packets.offset), np.int64)
        find_wanted(packets, self._wanted, self._records, found)
        return found


@kernel
def find_wanted(packets: Packets, wanted: Any, records: Any, found: Any) -> None:
    """Compare each packet with all wanted flows; `records` are two scratch records."""
    for i in range(found.size):
        found[i] = -1
        packet = records[0]
        packet.ts = packets.ts[i]
        packet.at = packets.offset[i]
        packet.end = packet.at + packets.captured[i]
        packet.wire_end = packet.at + packets.length[i]
        if decode_frame(packets.buffer, packets.link_type[i], False, records, 0) != c.OK:
            continue
        for j in range(wanted.size):
            if is_part(records[0], packets.ts[i], wanted[j]):
                found[i] = j
                break


@kernel
def is_part(packet: Any, ts: Int, flow: Any) -> bool:
    """Whether a packet belongs to a flow, in one direction or the other."""
    if packet.protocol != flow.protocol or packet.version != flow.version or not flow.first <= ts <= flow.last:
        return False
    straight = (
        packet.src_lo == flow.src_lo
        and packet.dst_lo == flow.dst_lo
        and packet.src_hi == flow.src_hi
        and packet.dst_hi == flow.dst_hi
    )
    if straight and (flow.ported == 0 or (packet.src_port == flow.src_port and packet.dst_port == flow.dst_port)):
        return True
    reverse = (
        packet.src_lo == flow.dst_lo
        and packet.dst_lo == flow.src_lo
        and packet.src_hi == flow.dst_hi
        and packet.dst_hi == flow.src_hi
    )
    return reverse and (flow.ported == 0 or (packet.src_port == flow.dst_port and packet.dst_port == flow.src_port))
