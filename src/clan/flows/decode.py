"""From the bytes of a captured frame to a `PACKET`: link layer, what stands between, IP, transport, tunnels.

Every function takes the whole buffer and the packet record, whose `at` is the cursor and whose `end` is the last
captured byte: no read goes beyond it. Layers hand over to each other by the codes of `layer`, in one loop.
"""

from __future__ import annotations

from typing import Any, Final

from clan.flows import counters as c
from clan.flows.jit import Int, kernel
from clan.flows.layer import (
    ETHERNET_LAYER,
    ETHERTYPE_LAYER,
    IP_LAYER,
    LLC_LAYER,
    MPLS_LAYER,
    PPP_LAYER,
    WIFI_LAYER,
)
from clan.flows.link import ETHERNET, ethernet, first_layer, llc, wifi
from clan.flows.network import decode_ip
from clan.flows.shim import ethertype, mpls, ppp
from clan.flows.tunnel import NOTHING, enter_tunnel, may_carry, no_tunnel, note_outer
from clan.flows.wire import u16

MAX_LAYERS: Final = 16
MAX_TUNNELS: Final = 4


@kernel
def decode_frame(buffer: Any, link_type: Int, lycos: bool, records: Any, which: Int) -> Int:
    """Decode one frame.

    Args:
        buffer: uint8 array that holds the frame.
        link_type: The frame's link type, a LINKTYPE_ number.
        lycos: Whether only Ethernet with IPv4 directly inside counts, as in the original extractor.
        records: `PACKET` records; the last is scratch.
        which: The record to fill in; it has `at`, `end`, `wire_end` and `ts` set.

    Returns:
        A verdict of `counters`.
    """
    packet = records[which]
    packet.tag = 0
    packet.padded = 0
    no_tunnel(packet)
    if lycos:
        return decode_lycos(buffer, link_type, packet)
    verdict = decode_layers(buffer, first_layer(buffer, link_type, packet), packet)
    for _ in range(MAX_TUNNELS):
        if verdict != c.OK or not may_carry(packet) or packet.fragment_id >= 0:
            break
        inner = records[records.size - 1]
        layer = enter_tunnel(buffer, packet, inner)
        # What turns out not to be a packet is payload of the outer flow.
        if layer == NOTHING or decode_layers(buffer, layer, inner) != c.OK:
            break
        note_outer(packet, inner)
        records[which] = inner
    return verdict


@kernel
def decode_layers(buffer: Any, layer: Int, packet: Any) -> Int:
    """Follow the layers from one of them to the transport header; gives a verdict."""
    for _ in range(MAX_LAYERS):
        if layer == IP_LAYER:
            return decode_ip(buffer, False, packet)
        if layer == ETHERNET_LAYER:
            layer = ethernet(buffer, packet)
        elif layer == ETHERTYPE_LAYER:
            layer = ethertype(buffer, packet)
        elif layer == PPP_LAYER:
            layer = ppp(buffer, packet)
        elif layer == MPLS_LAYER:
            layer = mpls(buffer, packet)
        elif layer == LLC_LAYER:
            layer = llc(buffer, packet)
        elif layer == WIFI_LAYER:
            layer = wifi(buffer, packet)
        else:
            return layer
    return c.NESTED


@kernel
def decode_lycos(buffer: Any, link_type: Int, packet: Any) -> Int:
    """Decode as the original extractor does: Ethernet with IPv4 directly inside, nothing else."""
    if link_type != ETHERNET:
        return c.LINK_TYPE
    if packet.end - packet.at < 14:
        return c.TRUNCATED
    if u16(buffer, packet.at + 12) != 0x0800:
        return c.NOT_IP
    packet.at += 14
    return decode_ip(buffer, True, packet)
