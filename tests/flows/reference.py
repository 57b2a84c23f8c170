"""A slow and obvious flow assembler for the default profile: lists of packets, cut by the rules as they are written.

It shares nothing with the engine: it takes decoded packets, keeps all of them, and looks at every open flow for every
packet. `reference_columns` computes the features from the lists that it returns.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.flows.build import ACK, FIN, RST, SYN

SECOND = 1_000_000
TCP_IDLE, OTHER_IDLE, CLOSED_KEEP, ACTIVE, CLOCK_JUMP = (
    120 * SECOND,
    60 * SECOND,
    5 * SECOND,
    1800 * SECOND,
    3600 * SECOND,
)
ICMP_PAIRS = {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17, 10: 9, 9: 10}
ICMPV6_PAIRS = {128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 130: 131, 131: 130}
ICMPV6_PAIRS |= {139: 140, 140: 139, 144: 145, 145: 144}
PORTS_IN_HASH = {1, 6, 17, 58, 132}


class Packet(NamedTuple):
    """One packet as a person would note it down; ports are None where the protocol has none."""

    ts: int
    src: str
    dst: str
    protocol: int
    src_port: int | None
    dst_port: int | None
    payload: int = 0
    header: int = 8
    flags: int = 0
    window: int = 0
    vlan: int = 0


class Seen(NamedTuple):
    """A packet in its flow: the time at which it counts, whether it goes forward, and itself."""

    ts: int
    forward: bool
    packet: Packet


@dataclass
class Flow:
    """All packets of a flow, and who its source is."""

    source: tuple[str, int | None]
    target: tuple[str, int | None]
    protocol: int
    seen: list[Seen] = field(default_factory=list)
    closing: bool = False

    @property
    def first(self) -> int:
        """Time of the first packet."""
        return self.seen[0].ts

    @property
    def last(self) -> int:
        """Time of the last packet."""
        return self.seen[-1].ts

    def timeout(self) -> int:
        """How long the flow may be silent."""
        if self.closing:
            return CLOSED_KEEP
        return TCP_IDLE if self.protocol == 6 else OTHER_IDLE

    def add(self, packet: Packet) -> None:
        """Append a packet; a clock that steps back a little stands still instead."""
        forward = (packet.src, packet.src_port) == self.source
        ts = max(packet.ts, self.last) if self.seen else packet.ts
        self.seen.append(Seen(ts, forward, packet))
        fins = {seen.forward for seen in self.seen if seen.packet.flags & FIN}
        self.closing = self.closing or bool(packet.flags & RST) or len(fins) == 2


class Ambiguous(Exception):
    """A packet came late for a flow whose timeout another packet's clock had passed: either answer is right."""


class Assembled(NamedTuple):
    """The flows, and how often the clock jumped back by more than an hour."""

    flows: list[Flow]
    resets: int


def assemble(packets: list[Packet]) -> Assembled:
    """Cut packets into flows.

    Raises:
        Ambiguous: See there.
    """
    done: list[Flow] = []
    open_: dict[object, Flow] = {}
    clock, resets = -1, 0
    for packet in packets:
        if clock - packet.ts > CLOCK_JUMP:
            done += open_.values()
            open_, clock, resets = {}, -1, resets + 1
        clock = max(clock, packet.ts)
        sender, receiver = (packet.src, packet.src_port), (packet.dst, packet.dst_port)
        key = (frozenset((sender, receiver)), packet.protocol, packet.vlan)
        flow = open_.get(key)
        kept = None
        if flow:
            silent = packet.ts - flow.last
            if clock - flow.last > flow.timeout() >= silent:
                raise Ambiguous
            too_old = packet.ts - flow.first > ACTIVE
            anew = flow.closing and packet.flags & (SYN | ACK | FIN | RST) == SYN
            if too_old or anew or silent > flow.timeout():
                done.append(open_.pop(key))
                if too_old and not anew and silent <= flow.timeout():
                    kept = flow  # a long flow that is cut keeps its direction
                flow = None
        if flow is None:
            if kept:
                source, target = kept.source, kept.target
            elif packet.flags & (SYN | ACK) == SYN | ACK:  # an answer whose question was missed
                source, target = receiver, sender
            else:
                source, target = sender, receiver
            flow = open_[key] = Flow(source, target, packet.protocol)
        flow.add(packet)
    return Assembled(done + list(open_.values()), resets)


def icmp_ports(protocol: int, kind: int, code: int) -> tuple[int, int]:
    """Type and counterpart type, or type and code, as Zeek and the community ID have them."""
    pairs = ICMP_PAIRS if protocol == 1 else ICMPV6_PAIRS
    return kind, pairs.get(kind, code)


def community_id(src: str, dst: str, protocol: int, src_port: int | None, dst_port: int | None) -> str:
    """The hash of the specification; ICMP ports as `icmp_ports` gives them."""
    one, other = ((ipaddress.ip_address(a).packed, p or 0) for a, p in ((src, src_port), (dst, dst_port)))
    pairs = {1: ICMP_PAIRS, 58: ICMPV6_PAIRS}.get(protocol)
    one_way = pairs is not None and pairs.get(src_port or 0) != dst_port
    if other < one and not one_way:
        one, other = other, one
    data = struct.pack(">H", 0) + one[0] + other[0] + bytes([protocol, 0])
    if protocol in PORTS_IN_HASH:
        data += struct.pack(">HH", one[1], other[1])
    return "1:" + base64.b64encode(hashlib.sha1(data).digest()).decode()
