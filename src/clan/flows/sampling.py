"""Following only some of the new flows, when packets come faster than they can be handled."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows import counters as c
from clan.flows.jit import Int, kernel
from clan.flows.packet import ACK, FIN, RST, SYN, TCP, UDP, UDPLITE
from clan.flows.profile import Rules
from clan.flows.table import hash_key

SAMPLE: Final = 4  # index into the control array: one new flow in this many is followed; 0 = there was never a need
PASSED_OVER: Final = 1 << 18
"""Flows that can be remembered as not followed; a power of two. The memory is taken only when it is used."""
BUCKET: Final = 8
"""Places that a flow may be remembered at; when all are taken, the one that was silent longest is forgotten."""

_SEED = np.array([0x243F6A8885A308D3, 0x13198A2E03707345], np.uint64)
"""Digits of pi: which keys are followed is the same everywhere, and no secret."""


@kernel
def place_of(hashed: Any, out: Any) -> Int:
    """Find where a flow is remembered; where it is not, the place in its bucket that was not used for longest."""
    first = np.int64(hashed & np.uint64(out.passed.size - BUCKET))
    oldest: Int = first
    for at in range(first, first + BUCKET):
        if out.passed[at] == hashed:
            return at
        if out.passed_ts[at] < out.passed_ts[oldest]:
            oldest = at
    return oldest


@kernel
def pass_over(packet: Any, flags: Int, key: Any, rules: Rules, out: Any) -> bool:
    """Tell whether a packet without a flow opens none, because new flows are being sampled.

    One key in `control[SAMPLE]` is followed, by a fixed hash that is the same for both directions. What was passed
    over stays so until it has been silent for its idle timeout or a SYN opens a connection anew, even when all flows
    are followed again: nothing is taken up in the middle.

    Args:
        packet: The decoded packet.
        flags: Its TCP flags.
        key: Its key, the same for both directions.
        rules: The profile, for the timeouts.
        out: Control words, counters, and the memory of what was passed over (`Exit`).
    """
    hashed = hash_key(key, _SEED)
    at = place_of(hashed, out)
    timeout = rules.other_idle
    opens = False
    if packet.protocol == TCP:
        timeout = rules.tcp_idle
        opens = flags & (SYN | ACK | FIN | RST) == SYN
    elif packet.protocol in (UDP, UDPLITE):
        timeout = rules.udp_idle
    if opens or out.passed[at] != hashed or packet.ts - out.passed_ts[at] > timeout:
        if np.int64(hashed >> np.uint64(32)) % out.control[SAMPLE] == 0:
            return False
        out.counters[c.SAMPLED_FLOWS] += 1
        out.passed[at] = hashed
    out.passed_ts[at] = packet.ts
    return True
