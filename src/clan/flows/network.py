"""IPv4 and IPv6, their options, extension headers and fragments."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows import counters as c
from clan.flows.jit import Int, kernel
from clan.flows.transport import decode_transport
from clan.flows.wire import u16, u32, u64

MAX_EXTENSION_HEADERS: Final = 16


@kernel
def decode_ip(buffer: Any, lycos: bool, packet: Any) -> Int:
    """Decode IP of either version at the cursor, and what is inside."""
    if packet.end - packet.at < 1:
        return c.TRUNCATED
    version = buffer[packet.at] >> 4
    packet.fragment_id = -1
    packet.fragment_offset = 0
    if version == 4:
        return decode_ipv4(buffer, lycos, packet)
    if version == 6 and not lycos:
        return decode_ipv6(buffer, packet)
    return c.MALFORMED


@kernel
def decode_ipv4(buffer: Any, lycos: bool, packet: Any) -> Int:
    """Decode an IPv4 header (RFC 791)."""
    at = packet.at
    if packet.end - at < 20:
        return c.TRUNCATED
    header = (np.int64(buffer[at]) & 0x0F) * 4
    if header < 20:
        return c.MALFORMED
    total = u16(buffer, at + 2)
    packet.version = 4
    packet.protocol = buffer[at + 9]
    packet.src_hi = 0
    packet.src_lo = u32(buffer, at + 12)
    packet.dst_hi = 0
    packet.dst_lo = u32(buffer, at + 16)
    packet.at = at + header
    # Without a length it was to be filled in by the network card (segmentation offload).
    whole = total if total > 0 else packet.wire_end - at
    packet.behind_ip = whole - 20
    if lycos:
        return decode_transport(buffer, total - header, lycos, packet)
    total = whole
    if total < header:
        return c.MALFORMED
    packet.end = min(packet.end, at + total)  # what follows is Ethernet padding
    fragment = u16(buffer, at + 6)
    if fragment & 0x3FFF:  # more fragments, or an offset
        packet.fragment_id = u16(buffer, at + 4)
        packet.fragment_offset = (fragment & 0x1FFF) * 8
    return decode_transport(buffer, total - header, lycos, packet)


@kernel
def decode_ipv6(buffer: Any, packet: Any) -> Int:
    """Decode an IPv6 header (RFC 8200)."""
    at = packet.at
    if packet.end - at < 40:
        return c.TRUNCATED
    length = u16(buffer, at + 4)
    packet.version = 6
    packet.protocol = buffer[at + 6]
    packet.src_hi = u64(buffer, at + 8)
    packet.src_lo = u64(buffer, at + 16)
    packet.dst_hi = u64(buffer, at + 24)
    packet.dst_lo = u64(buffer, at + 32)
    packet.at = at + 40
    if length == 0:  # jumbogram, or segmentation offload
        length = max(packet.wire_end - packet.at, 0)
    packet.behind_ip = length
    packet.end = min(packet.end, packet.at + length)
    return decode_extensions(buffer, packet.at + length, packet)


@kernel
def decode_extensions(buffer: Any, wire_end: Int, packet: Any) -> Int:
    """Walk IPv6 extension headers up to the transport header.

    Args:
        buffer: The bytes.
        wire_end: Where the IPv6 payload ends on the wire, as a position in the buffer.
        packet: The record; its protocol is the next header.
    """
    for _ in range(MAX_EXTENSION_HEADERS):
        at = packet.at
        if packet.protocol == 44:  # fragment
            if packet.end - at < 8:
                return c.TRUNCATED
            packet.protocol = buffer[at]
            packet.fragment_offset = u16(buffer, at + 2) & 0xFFF8
            packet.fragment_id = u32(buffer, at + 4)
            packet.at = at + 8
            if packet.fragment_offset:
                break
        elif packet.protocol in (0, 43, 60, 135, 139, 140):  # options, routing, mobility, HIP, shim6
            if packet.end - at < 8:
                return c.TRUNCATED
            packet.protocol = buffer[at]
            packet.at = at + (np.int64(buffer[at + 1]) + 1) * 8
        else:
            break
    else:
        return c.NESTED
    return decode_transport(buffer, wire_end - packet.at, False, packet)
