"""A bounded memory of first fragments, so that the later ones find the flow of the first.

Direct-mapped: a newer datagram may overwrite an older one's place, whose later fragments then count as orphans. The
place depends on the packet alone, never on chance, so the same capture always gives the same flows.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clan.flows.jit import Int, kernel
from clan.flows.profile import SECOND
from clan.flows.transport import LATER_FRAGMENT

PLACES: Final = 4096
LIFETIME_US: Final = 30 * SECOND  # as long as Linux keeps a fragment


class Fragments(NamedTuple):
    """The memory: who the datagram was of, when its first fragment came, and which ports that carried."""

    owner: npt.NDArray[np.uint64]  # (PLACES, 5): both addresses, identification and protocol
    seen: npt.NDArray[np.int64]  # (PLACES,), us
    ports: npt.NDArray[np.int32]  # (PLACES, 3): source, destination, transport protocol


def new_fragments() -> Fragments:
    """Make an empty memory."""
    return Fragments(
        owner=np.zeros((PLACES, 5), np.uint64),
        seen=np.full(PLACES, -(1 << 62), np.int64),
        ports=np.zeros((PLACES, 3), np.int32),
    )


@kernel
def place_of(packet: Any) -> Int:
    """Give the one place where a datagram's first fragment may be remembered."""
    mixed = packet.src_lo ^ (packet.dst_lo * np.uint64(0x9E3779B97F4A7C15)) ^ packet.src_hi ^ packet.dst_hi
    mixed = (mixed ^ np.uint64(packet.fragment_id)) * np.uint64(0xD6E8FEB86659FD93)
    return np.int64(mixed >> np.uint64(52))


@kernel
def join_fragment(fragments: Fragments, packet: Any) -> bool:
    """Remember a first fragment, or give a later one the ports of its first.

    Returns:
        False when the packet is a later fragment whose first is not known.
    """
    place = place_of(packet)
    owner = fragments.owner[place]
    # IPv6: a later fragment names the first header of the fragmented part, which need not be the transport's
    protocol = packet.protocol if packet.version == 4 else 0
    datagram = (np.uint64(packet.fragment_id) << np.uint64(8)) | np.uint64(protocol)
    if packet.src_port != LATER_FRAGMENT:
        owner[0], owner[1] = packet.src_hi, packet.src_lo
        owner[2], owner[3] = packet.dst_hi, packet.dst_lo
        owner[4] = datagram
        fragments.seen[place] = packet.ts
        fragments.ports[place, 0] = packet.src_port
        fragments.ports[place, 1] = packet.dst_port
        fragments.ports[place, 2] = packet.protocol
        return True
    known = (
        owner[0] == packet.src_hi
        and owner[1] == packet.src_lo
        and owner[2] == packet.dst_hi
        and owner[3] == packet.dst_lo
        and owner[4] == datagram
        and abs(packet.ts - fragments.seen[place]) <= LIFETIME_US
    )
    if known:
        packet.src_port = fragments.ports[place, 0]
        packet.dst_port = fragments.ports[place, 1]
        packet.protocol = fragments.ports[place, 2]
    return known
