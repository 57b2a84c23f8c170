"""Looking at checksums now and then, so that the user can be told when they are wrong.

A wrong checksum is never a reason to leave a packet out: where the network card fills checksums in, what the capturing
host itself sends looks wrong although it is right on the wire.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows import counters as c
from clan.flows.jit import Int, kernel
from clan.flows.packet import TCP, UDP
from clan.flows.wire import u16

EVERY: Final = 32
"""One packet in this many is looked at; a power of two."""


@kernel
def note_checksum(buffer: Any, packet: Any, counts: Any) -> None:
    """Check the TCP or UDP checksum (RFC 1071, 9293, 768) of a decoded packet, if all of it was captured.

    Args:
        buffer: The bytes.
        packet: The decoded packet, no fragment; its cursor stands on the transport header.
        counts: `CHECKED` and `WRONG_CHECKSUMS` are counted up.
    """
    length = packet.header + packet.payload
    if packet.protocol not in (TCP, UDP) or packet.end - packet.at != length:
        return
    if packet.protocol == UDP and u16(buffer, packet.at + 6) == 0:  # the sender made none
        return
    total = words(packet.src_hi) + words(packet.src_lo) + words(packet.dst_hi) + words(packet.dst_lo)
    total += packet.protocol + length
    for at in range(packet.at, packet.end - 1, 2):
        total += u16(buffer, at)
    if length & 1:
        total += np.int64(buffer[packet.end - 1]) << 8
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    counts[c.CHECKED] += 1
    counts[c.WRONG_CHECKSUMS] += total != 0xFFFF


@kernel
def words(value: Any) -> Int:
    """Sum the four 16-bit words of a number."""
    low = np.uint64(0xFFFF)
    total = (value & low) + ((value >> np.uint64(16)) & low) + ((value >> np.uint64(32)) & low)
    return np.int64(total + (value >> np.uint64(48)))
