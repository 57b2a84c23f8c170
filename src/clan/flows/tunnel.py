"""Tunnels: where the packet inside begins, and what it is.

A tunnel is followed only when its header is what its specification asks for; otherwise the outer flow counts.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows.jit import Int, kernel
from clan.flows.layer import (
    ERSPAN,
    ETHERNET_LAYER,
    ETHERTYPE_LAYER,
    GENEVE,
    GRE,
    GTP_U,
    IP_LAYER,
    IPIP,
    NO_TUNNEL,
    PPP_LAYER,
    SIX_IN_FOUR,
    VXLAN,
)
from clan.flows.packet import UDP
from clan.flows.wire import u16, u32

IP_IN_IP: Final = 4
IPV6_IN_IP: Final = 41
GRE_PROTOCOL: Final = 47
VXLAN_PORT: Final = 4789
VXLAN_PORT_LINUX: Final = 8472
GENEVE_PORT: Final = 6081
GTP_PORT: Final = 2152
MAX_GTP_EXTENSIONS: Final = 8
NOTHING: Final = 0


@kernel
def enter_tunnel(buffer: Any, outer: Any, inner: Any) -> Int:
    """Look for a packet inside a decoded one.

    Args:
        buffer: The bytes.
        outer: The decoded packet; its cursor stands on the transport header.
        inner: Gets cursor and limits of the packet inside, and the tunnel's kind and number.

    Returns:
        The layer to go on with, or NOTHING.
    """
    inner.ts = outer.ts
    inner.end = outer.end
    inner.wire_end = outer.at + outer.header + outer.payload
    inner.tag = np.uint64(1) << np.uint64(63)  # the same addresses outside and inside of a tunnel are two flows
    inner.padded = 0
    inner.tunnel_id = 0
    if outer.protocol == UDP:
        return enter_udp(buffer, outer, inner)
    inner.at = outer.at
    if outer.protocol == IP_IN_IP:
        inner.tunnel = IPIP
        return IP_LAYER
    if outer.protocol == IPV6_IN_IP:
        inner.tunnel = SIX_IN_FOUR
        return IP_LAYER
    return enter_gre(buffer, inner) if outer.protocol == GRE_PROTOCOL else NOTHING


@kernel
def enter_udp(buffer: Any, outer: Any, inner: Any) -> Int:
    """Enter VXLAN (RFC 7348), GENEVE (RFC 8926) or GTP-U (3GPP TS 29.281)."""
    inner.at = outer.at + 8
    if inner.end - inner.at < 8:
        return NOTHING
    port = outer.dst_port
    if port in (VXLAN_PORT, VXLAN_PORT_LINUX):
        if buffer[inner.at] & 0x08 == 0 or buffer[inner.at + 7] != 0:
            return NOTHING
        number_network(buffer, VXLAN, inner)
        inner.at += 8
        return ETHERNET_LAYER
    if port == GENEVE_PORT:
        if buffer[inner.at] >> 6 != 0 or buffer[inner.at + 7] != 0:
            return NOTHING
        inner.next_type = u16(buffer, inner.at + 2)
        number_network(buffer, GENEVE, inner)
        inner.at += 8 + 4 * (np.int64(buffer[inner.at]) & 0x3F)
        return ETHERNET_LAYER if inner.next_type == 0x6558 else ETHERTYPE_LAYER
    if GTP_PORT in (port, outer.src_port):
        return enter_gtp(buffer, inner)
    return NOTHING


@kernel
def number_network(buffer: Any, kind: Int, inner: Any) -> None:
    """Note the 24-bit virtual network: equal addresses in two networks are different hosts."""
    inner.tunnel = kind
    inner.tunnel_id = u32(buffer, inner.at + 4) >> 8
    inner.tag |= np.uint64(inner.tunnel_id)


@kernel
def enter_gtp(buffer: Any, inner: Any) -> Int:
    """Enter GTP-U version 1. Its tunnel number differs by direction, so it is noted but tells no flows apart."""
    flags = buffer[inner.at]
    if flags >> 4 != 3 or buffer[inner.at + 1] != 0xFF:
        return NOTHING
    inner.tunnel = GTP_U
    inner.tunnel_id = u32(buffer, inner.at + 4)
    inner.at += 8
    if flags & 7:  # sequence number, N-PDU number, next extension
        following = inner.at + 3
        inner.at += 4
        if not flags & 4:
            return IP_LAYER
        for _ in range(MAX_GTP_EXTENSIONS):
            if following >= inner.end or buffer[following] == 0:
                break
            if inner.at >= inner.end or buffer[inner.at] == 0:
                return NOTHING
            inner.at += 4 * np.int64(buffer[inner.at])
            following = inner.at - 1
    return IP_LAYER


@kernel
def enter_gre(buffer: Any, inner: Any) -> Int:
    """Enter GRE (RFC 2784, 2890), PPTP's variant (RFC 2637), and ERSPAN inside of it."""
    at = inner.at
    if inner.end - at < 4:
        return NOTHING
    flags, inner.next_type = u16(buffer, at), u16(buffer, at + 2)
    size = 4
    for bit in (0x8000, 0x2000, 0x1000):  # checksum, key, sequence number
        if flags & bit:
            if bit == 0x2000 and flags & 7 == 0 and inner.end - at >= size + 4:
                inner.tunnel_id = u32(buffer, at + size)
            size += 4
    inner.tunnel = GRE
    if flags & 7 == 1:
        inner.at = at + size + (4 if flags & 0x0080 else 0)  # acknowledgement number
        return PPP_LAYER if inner.next_type == 0x880B else NOTHING
    if flags & 0x4007:  # source routes, or a version that does not exist
        return NOTHING
    inner.at = at + size
    if inner.next_type in (0x88BE, 0x22EB):
        return enter_erspan(buffer, flags, inner)
    return ETHERNET_LAYER if inner.next_type == 0x6558 else ETHERTYPE_LAYER


@kernel
def enter_erspan(buffer: Any, flags: Int, inner: Any) -> Int:
    """Enter ERSPAN (draft-foschiano-erspan): type I has no header, II has 8 bytes, III has 12 or 20."""
    inner.tunnel = ERSPAN
    if inner.next_type == 0x88BE:
        if flags & 0x1000:  # type II is numbered, type I is not
            inner.at += 8
    else:
        if inner.end - inner.at < 12:
            return NOTHING
        inner.at += 20 if buffer[inner.at + 11] & 1 else 12
    return ETHERNET_LAYER


@kernel
def may_carry(packet: Any) -> bool:
    """Tell quickly whether a packet may hold another one."""
    if packet.protocol == UDP:
        port = packet.dst_port
        return port in (VXLAN_PORT, VXLAN_PORT_LINUX, GENEVE_PORT) or GTP_PORT in (port, packet.src_port)
    return packet.protocol in (IP_IN_IP, IPV6_IN_IP, GRE_PROTOCOL)


@kernel
def note_outer(outer: Any, inner: Any) -> None:
    """Remember in the inner packet which hosts its tunnel runs between."""
    inner.outer_src_hi, inner.outer_src_lo = outer.src_hi, outer.src_lo
    inner.outer_dst_hi, inner.outer_dst_lo = outer.dst_hi, outer.dst_lo
    inner.outer_version = outer.version


@kernel
def no_tunnel(packet: Any) -> None:
    """Mark a packet as one that came without a tunnel."""
    packet.tunnel = NO_TUNNEL
    packet.tunnel_id = 0
