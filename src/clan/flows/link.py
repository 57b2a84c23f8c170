"""Link layers: from the link type of the capture to the first layer that is the same everywhere.

Numbers and formats: https://www.tcpdump.org/linktypes.html
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows import counters as c
from clan.flows.jit import Int, kernel
from clan.flows.layer import (
    ETHERNET_LAYER,
    ETHERTYPE_LAYER,
    IP_LAYER,
    LLC_LAYER,
    PPP_LAYER,
    WIFI_LAYER,
)
from clan.flows.wire import u16, u32

NULL: Final = 0
ETHERNET: Final = 1
PPP: Final = 9
RAW_BSD: Final = 12
RAW_OPENBSD: Final = 14
PPP_HDLC: Final = 50
RAW: Final = 101
C_HDLC: Final = 104
IEEE802_11: Final = 105
LOOP: Final = 108
LINUX_SLL: Final = 113
RADIOTAP: Final = 127
IPV4: Final = 228
IPV6: Final = 229
LINUX_SLL2: Final = 276


@kernel
def first_layer(buffer: Any, link_type: Int, packet: Any) -> Int:
    """Step over what the link type puts in front; gives the layer that follows, or a verdict."""
    if link_type == ETHERNET:
        return ETHERNET_LAYER
    if link_type in (PPP, PPP_HDLC):
        return PPP_LAYER
    if link_type in (RAW, RAW_BSD, RAW_OPENBSD, IPV4, IPV6):
        return IP_LAYER
    if link_type == LINUX_SLL:
        return cooked(buffer, 16, 14, packet)
    if link_type == LINUX_SLL2:
        return cooked(buffer, 20, 0, packet)
    if link_type == C_HDLC:
        return cooked(buffer, 4, 2, packet)
    if link_type in (NULL, LOOP):
        return loopback(buffer, packet)
    if link_type == RADIOTAP:
        return radiotap(buffer, packet)
    return WIFI_LAYER if link_type == IEEE802_11 else c.LINK_TYPE


@kernel
def cooked(buffer: Any, size: Int, type_at: Int, packet: Any) -> Int:
    """Step over a header of fixed size that holds an Ethernet type: Linux cooked, Cisco HDLC."""
    if packet.end - packet.at < size:
        return c.TRUNCATED
    packet.next_type = u16(buffer, packet.at + type_at)
    packet.at += size
    return ETHERTYPE_LAYER


@kernel
def loopback(buffer: Any, packet: Any) -> Int:
    """Step over BSD loopback: an address family in the byte order of the machine that captured."""
    if packet.end - packet.at < 4:
        return c.TRUNCATED
    family = u32(buffer, packet.at)
    if family > 0xFFFF:  # little-endian machine
        family = ((family >> 24) & 0xFF) | ((family >> 8) & 0xFF00)
    packet.at += 4
    if family in (2, 10, 24, 28, 30):  # AF_INET, and AF_INET6 of Linux, NetBSD, FreeBSD, Darwin
        return IP_LAYER
    return c.NOT_IP


@kernel
def radiotap(buffer: Any, packet: Any) -> Int:
    """Step over a radiotap header (https://www.radiotap.org), little-endian; only its length and flags matter."""
    at, left = packet.at, packet.end - packet.at
    if left < 8:
        return c.TRUNCATED
    size = np.int64(buffer[at + 2]) | (np.int64(buffer[at + 3]) << 8)
    if size < 8:
        return c.MALFORMED
    if size > left:
        return c.TRUNCATED
    field = at + 8
    word = at + 4
    for _ in range(8):  # further words of the bitmap
        if not buffer[word + 3] & 0x80 or field + 4 > at + size:
            break
        word = field
        field += 4
    present = buffer[at + 4]
    if present & 1:  # time, aligned to 8 bytes
        field = at + ((field - at + 7) & ~7) + 8
    flags = buffer[field] if present & 2 and field < at + size else np.uint8(0)
    packet.padded = 1 if flags & 0x20 else 0  # the card aligned what follows the 802.11 header
    packet.at += size
    return WIFI_LAYER


@kernel
def wifi(buffer: Any, packet: Any) -> Int:
    """Step over an IEEE 802.11 header; only data frames that are not encrypted carry anything readable."""
    at, left = packet.at, packet.end - packet.at
    if left < 24:
        return c.TRUNCATED if left < 2 or (buffer[at] >> 2) & 3 == 2 else c.NOT_IP
    control, flags = buffer[at], buffer[at + 1]
    if (control >> 2) & 3 != 2 or control & 0x40 or flags & 0x40:  # not data, without data, encrypted
        return c.NOT_IP
    size = 24
    if flags & 3 == 3:  # four addresses
        size += 6
    aggregated = False
    if control & 0x80:  # quality of service
        if left < size + 2:
            return c.TRUNCATED
        aggregated = buffer[at + size] & 0x80 != 0
        size += 2
        if flags & 0x80:
            size += 4
    if packet.padded:
        size = (size + 3) & ~3
    if aggregated:
        size += 14  # the first of several: addresses and length
    packet.at += size
    return LLC_LAYER


@kernel
def llc(buffer: Any, packet: Any) -> Int:
    """Step over LLC with SNAP (IEEE 802.2), which carries an Ethernet type."""
    at = packet.at
    if packet.end - at < 8:
        return c.TRUNCATED
    if buffer[at] != 0xAA or buffer[at + 1] != 0xAA or buffer[at + 2] != 0x03:
        return c.NOT_IP
    packet.next_type = u16(buffer, at + 6)
    packet.at += 8
    return ETHERTYPE_LAYER


@kernel
def ethernet(buffer: Any, packet: Any) -> Int:
    """Step over an Ethernet header."""
    if packet.end - packet.at < 14:
        return c.TRUNCATED
    packet.next_type = u16(buffer, packet.at + 12)
    packet.at += 14
    return LLC_LAYER if packet.next_type < 1536 else ETHERTYPE_LAYER
