"""TCP, UDP, UDP-Lite, SCTP, ICMP, ICMPv6, IGMP; every other protocol is a flow without ports."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows import counters as c
from clan.flows.jit import Int, kernel
from clan.flows.packet import ICMP, ICMPV6, IGMP, SCTP, TCP, UDP, UDPLITE
from clan.flows.wire import u16

NO_PORT: Final = -1
LATER_FRAGMENT: Final = -2
"""Stands for the ports of a fragment that does not carry them; the engine looks them up."""


@kernel
def decode_transport(buffer: Any, length: Int, lycos: bool, packet: Any) -> Int:
    """Decode the transport header at the cursor.

    Args:
        buffer: The bytes.
        length: Bytes of the IP payload on the wire, header included.
        lycos: Whether the original extractor's rules hold.
        packet: The record to complete.
    """
    packet.tcp_flags = 0
    packet.window = 0
    packet.header = 0
    packet.src_port = NO_PORT
    packet.dst_port = NO_PORT
    left = packet.end - packet.at
    cut = c.TRUNCATED if length > left else c.MALFORMED  # what is missing was not captured, or was never there
    packet.byte13 = buffer[packet.at + 13] if left > 13 else 0
    if packet.fragment_offset > 0:
        packet.payload = max(length, 0)
        packet.src_port = LATER_FRAGMENT
        return c.OK
    if packet.protocol == TCP:
        verdict = decode_tcp(buffer, left, cut, packet)
    elif packet.protocol in (UDP, UDPLITE, SCTP):
        verdict = decode_ports(buffer, left, cut, packet)
    elif packet.protocol in (ICMP, ICMPV6):
        verdict = decode_icmp(buffer, left, cut, lycos, packet)
    else:
        packet.header = 8 if packet.protocol == IGMP else 0
        verdict = c.OK
    if lycos:
        return lycos_length(length, verdict, packet)
    packet.payload = max(length - packet.header, 0)
    return verdict


@kernel
def decode_tcp(buffer: Any, left: Int, cut: Int, packet: Any) -> Int:
    """Decode a TCP header (RFC 9293); ports, offset, flags and window take 16 bytes."""
    if left < 16:
        return cut
    at = packet.at
    packet.src_port = u16(buffer, at)
    packet.dst_port = u16(buffer, at + 2)
    packet.header = (np.int64(buffer[at + 12]) >> 4) * 4
    packet.tcp_flags = buffer[at + 13]
    packet.window = u16(buffer, at + 14)
    return c.OK if packet.header >= 20 else c.MALFORMED


@kernel
def decode_ports(buffer: Any, left: Int, cut: Int, packet: Any) -> Int:
    """Decode the ports that UDP (RFC 768), UDP-Lite (RFC 3828) and SCTP (RFC 9260) begin with."""
    if left < 4:
        return cut
    packet.src_port = u16(buffer, packet.at)
    packet.dst_port = u16(buffer, packet.at + 2)
    packet.header = 12 if packet.protocol == SCTP else 8
    return c.OK


@kernel
def decode_icmp(buffer: Any, left: Int, cut: Int, lycos: bool, packet: Any) -> Int:
    """Decode ICMP and ICMPv6: type and code stand for the ports, as in Zeek.

    A request and its answer have counterpart types (echo 8 and 0, for instance), so that both map to one flow whose
    ports are the request's type and the answer's; every other message has its type and its code, in one direction.
    """
    packet.header = 8
    if lycos:
        packet.src_port = 0
        packet.dst_port = 0
        return c.OK
    if left < 2:
        return cut
    kind = np.int64(buffer[packet.at])
    packet.src_port = kind
    counterpart = icmp_counterpart(kind) if packet.protocol == ICMP else icmpv6_counterpart(kind)
    packet.dst_port = counterpart if counterpart >= 0 else np.int64(buffer[packet.at + 1])
    return c.OK


@kernel
def icmp_counterpart(kind: Int) -> Int:
    """Give the ICMP type that answers this one (or that it answers), -1 where there is none."""
    if kind == 8:
        return 0
    if kind == 0:
        return 8
    if 13 <= kind <= 18:  # timestamp, information, address mask: request odd/even, answer the next
        return kind + 1 if kind % 2 == 1 else kind - 1
    if kind == 10:  # router solicitation
        return 9
    if kind == 9:
        return 10
    return -1


@kernel
def icmpv6_counterpart(kind: Int) -> Int:
    """Give the ICMPv6 type that answers this one (or that it answers), -1 where there is none."""
    if 128 <= kind <= 136 and kind not in (130, 131, 132):  # echo, router and neighbour discovery
        if kind in (128, 133, 135):
            return kind + 1
        return kind - 1
    if kind in (130, 131):  # listener query and report
        return 261 - kind
    if kind in (139, 144):  # node information, home agent discovery
        return kind + 1
    if kind in (140, 145):
        return kind - 1
    return -1


@kernel
def lycos_length(length: Int, verdict: Int, packet: Any) -> Int:
    """Apply the original's arithmetic: payload in 16 bits that wrap, and only five protocols."""
    if packet.protocol not in (TCP, UDP, ICMP, IGMP, SCTP):
        return c.PROTOCOL
    if packet.protocol == IGMP:
        packet.src_port = 0
        packet.dst_port = 0
    packet.payload = (length - packet.header) & 0xFFFF
    return verdict
