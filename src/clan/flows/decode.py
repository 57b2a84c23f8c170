"""From the bytes of a captured frame to a `PACKET`: link layer, IP, transport.

Every function takes the whole buffer and the packet record, whose `at` is the cursor and whose `end` is the last
captured byte: no read goes beyond it. They return a verdict of `counters`; `OK` means that the record is complete.
"""

from __future__ import annotations

from typing import Any, Final

from clan.flows import counters as c
from clan.flows.jit import Int, kernel
from clan.flows.network import decode_ip
from clan.flows.wire import u16, u32

# Link types (https://www.tcpdump.org/linktypes.html) whose frames are decoded.
NULL: Final = 0
ETHERNET: Final = 1
PPP: Final = 9
RAW_BSD: Final = 12
RAW_OPENBSD: Final = 14
RAW: Final = 101
LOOP: Final = 108
LINUX_SLL: Final = 113
IPV4: Final = 228
IPV6: Final = 229
LINUX_SLL2: Final = 276

ETHERTYPE_IPV4: Final = 0x0800
ETHERTYPE_IPV6: Final = 0x86DD
MAX_VLAN_TAGS: Final = 8


@kernel
def decode_frame(buffer: Any, link_type: Int, lycos: bool, packet: Any) -> Int:
    """Decode one frame.

    Args:
        buffer: uint8 array that holds the frame between `packet.at` and `packet.end`.
        link_type: The frame's link type, a LINKTYPE_ number.
        lycos: Whether only Ethernet with IPv4 directly inside counts, as in the original extractor.
        packet: A `PACKET` record with `at`, `end`, `wire_end` and `ts` set; the rest is filled in.

    Returns:
        A verdict of `counters`.
    """
    packet.tag = 0
    if link_type == ETHERNET:
        if packet.end - packet.at < 14:
            return c.TRUNCATED
        ethertype = u16(buffer, packet.at + 12)
        packet.at += 14
        if lycos:
            return decode_ip(buffer, lycos, packet) if ethertype == ETHERTYPE_IPV4 else c.NOT_IP
        return decode_ethertype(buffer, ethertype, packet)
    if lycos:
        return c.LINK_TYPE
    return decode_other_link(buffer, link_type, packet)


@kernel
def decode_other_link(buffer: Any, link_type: Int, packet: Any) -> Int:
    """Decode a frame of a link type other than Ethernet."""
    left = packet.end - packet.at
    if link_type in (RAW, RAW_BSD, RAW_OPENBSD, IPV4, IPV6):
        return decode_ip(buffer, False, packet)
    if link_type == LINUX_SLL:
        if left < 16:
            return c.TRUNCATED
        ethertype = u16(buffer, packet.at + 14)
        packet.at += 16
        return decode_ethertype(buffer, ethertype, packet)
    if link_type == LINUX_SLL2:
        if left < 20:
            return c.TRUNCATED
        ethertype = u16(buffer, packet.at)
        packet.at += 20
        return decode_ethertype(buffer, ethertype, packet)
    if link_type in (NULL, LOOP):
        return decode_loopback(buffer, packet)
    if link_type == PPP:
        return decode_ppp(buffer, packet)
    return c.LINK_TYPE


@kernel
def decode_loopback(buffer: Any, packet: Any) -> Int:
    """Decode BSD loopback: an address family in the byte order of the machine that captured."""
    if packet.end - packet.at < 4:
        return c.TRUNCATED
    family = u32(buffer, packet.at)
    if family > 0xFFFF:  # little-endian machine
        family = ((family >> 24) & 0xFF) | ((family >> 8) & 0xFF00)
    packet.at += 4
    if family in (2, 10, 24, 28, 30):  # AF_INET, and AF_INET6 of Linux, NetBSD, FreeBSD, Darwin
        return decode_ip(buffer, False, packet)
    return c.NOT_IP


@kernel
def decode_ppp(buffer: Any, packet: Any) -> Int:
    """Decode PPP, with or without the address and control bytes of HDLC framing."""
    if packet.end - packet.at < 4:
        return c.TRUNCATED
    if buffer[packet.at] == 0xFF and buffer[packet.at + 1] == 0x03:
        packet.at += 2
    protocol = u16(buffer, packet.at)
    packet.at += 2
    if protocol in (0x0021, 0x0057):
        return decode_ip(buffer, False, packet)
    return c.NOT_IP


@kernel
def decode_ethertype(buffer: Any, ethertype: Int, packet: Any) -> Int:
    """Walk VLAN tags (802.1Q, 802.1ad and the older 0x9100), then decode IP."""
    for _ in range(MAX_VLAN_TAGS):
        if ethertype in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
            return decode_ip(buffer, False, packet)
        if ethertype not in (0x8100, 0x88A8, 0x9100):
            return c.NOT_IP
        if packet.end - packet.at < 4:
            return c.TRUNCATED
        packet.tag = (packet.tag << 12) | (u16(buffer, packet.at) & 0x0FFF)
        ethertype = u16(buffer, packet.at + 2)
        packet.at += 4
    return c.NESTED
