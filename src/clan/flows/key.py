"""What makes packets belong together."""

from __future__ import annotations

from typing import Any

import numpy as np

from clan.flows.jit import kernel


@kernel
def make_key(packet: Any, lycos: bool, key: Any) -> bool:
    """Write the key of a packet, the same for both directions.

    Returns:
        Whether the packet leaves the endpoint that comes first in the key.
    """
    src_port, dst_port = max(packet.src_port, 0), max(packet.dst_port, 0)
    if packet.src_hi != packet.dst_hi:
        from_a = packet.src_hi < packet.dst_hi
    elif packet.src_lo != packet.dst_lo:
        from_a = packet.src_lo < packet.dst_lo
    else:
        from_a = src_port <= dst_port
    if from_a:
        key[0], key[1], key[2], key[3] = packet.src_hi, packet.src_lo, packet.dst_hi, packet.dst_lo
        ports = (np.uint64(src_port) << np.uint64(16)) | np.uint64(dst_port)
    else:
        key[0], key[1], key[2], key[3] = packet.dst_hi, packet.dst_lo, packet.src_hi, packet.src_lo
        ports = (np.uint64(dst_port) << np.uint64(16)) | np.uint64(src_port)
    protocol = 0 if lycos else packet.protocol  # the original's key has no protocol
    key[4] = (ports << np.uint64(16)) | (np.uint64(protocol) << np.uint64(8)) | np.uint64(packet.version)
    key[5] = packet.tag
    return from_a
