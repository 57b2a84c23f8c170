"""What may stand between link layer and IP: VLAN tags, PPPoE, PPP, MPLS."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows import counters as c
from clan.flows.jit import Int, kernel
from clan.flows.layer import ETHERNET_LAYER, ETHERTYPE_LAYER, IP_LAYER, MPLS_LAYER, PPP_LAYER
from clan.flows.wire import u16

MAX_LABELS: Final = 16


@kernel
def ethertype(buffer: Any, packet: Any) -> Int:
    """Go on with what the Ethernet type names: IP, VLAN tags (802.1Q, 802.1ad, 0x9100), MPLS, PPPoE."""
    kind = packet.next_type
    if kind in (0x0800, 0x86DD):
        return IP_LAYER
    if kind in (0x8100, 0x88A8, 0x9100):
        if packet.end - packet.at < 4:
            return c.TRUNCATED
        packet.tag = (packet.tag << np.uint64(12)) | np.uint64(u16(buffer, packet.at) & 0x0FFF)
        packet.next_type = u16(buffer, packet.at + 2)
        packet.at += 4
        return ETHERTYPE_LAYER
    if kind in (0x8847, 0x8848):
        return MPLS_LAYER
    if kind == 0x8864:
        packet.at += 6
        return PPP_LAYER
    return c.NOT_IP


@kernel
def ppp(buffer: Any, packet: Any) -> Int:
    """Step over PPP (RFC 1661), with or without HDLC's address and control, and with a short protocol field."""
    at = packet.at
    if packet.end - at < 4:
        return c.TRUNCATED
    if buffer[at] in (0x0F, 0x8F) and buffer[at + 1] == 0:  # Cisco's framing under the same link type
        packet.next_type = u16(buffer, at + 2)
        packet.at += 4
        return ETHERTYPE_LAYER
    if buffer[at] == 0xFF and buffer[at + 1] == 0x03:
        at += 2
    protocol = np.int64(buffer[at])
    if protocol & 1:
        at += 1
    else:
        protocol = u16(buffer, at)
        at += 2
    packet.at = at
    if protocol in (0x0021, 0x0057):
        return IP_LAYER
    return MPLS_LAYER if protocol in (0x0281, 0x0283) else c.NOT_IP


@kernel
def mpls(buffer: Any, packet: Any) -> Int:
    """Step over MPLS labels (RFC 3032); what follows is told by its first four bits, as routers do."""
    for _ in range(MAX_LABELS):
        if packet.end - packet.at < 5:
            return c.TRUNCATED
        bottom = buffer[packet.at + 2] & 1
        packet.at += 4
        if bottom:
            kind = buffer[packet.at] >> 4
            if kind in (4, 6):
                return IP_LAYER
            if kind == 0:  # control word of an Ethernet pseudo-wire (RFC 4448)
                packet.at += 4
                return ETHERNET_LAYER
            return c.NOT_IP
    return c.NESTED
