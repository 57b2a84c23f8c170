"""What became of every packet: nothing is dropped without a number here."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

# Verdicts of the decoder; each packet gets exactly one.
OK: Final = 0
TRUNCATED: Final = 1
NOT_IP: Final = 2
LINK_TYPE: Final = 3
MALFORMED: Final = 4
PROTOCOL: Final = 5
FRAGMENT: Final = 6
NESTED: Final = 7
AFTER_CLOSE: Final = 8
# What happened to flows.
FLOWS: Final = 9
EVICTED: Final = 10
UNFINISHED: Final = 11
CLOCK_RESETS: Final = 12
LATE: Final = 13
PACKETS: Final = 14
BYTES: Final = 15
BACKWARD: Final = 16
JOINED: Final = 17
# Live capture only.
SAMPLED_OUT: Final = 18
SAMPLED_FLOWS: Final = 19
EARLY_REPORTS: Final = 20
# A sample of packets is looked at more closely.
CHECKED: Final = 21
WRONG_CHECKSUMS: Final = 22
# Group `payload` only.
PAYLOAD_WITHOUT_ROOM: Final = 23

COUNTERS: dict[str, str] = {
    "packets_in_flows": "packets that belong to a flow",
    "truncated_headers": "packets cut (snap length) before the end of the headers that a flow needs",
    "not_ip": "frames that carry no IP (ARP, STP, LLDP and the like)",
    "unsupported_link_type": "frames of a link type that is not decoded",
    "malformed": "packets whose headers contradict each other",
    "other_protocol": "IP packets of a protocol that the profile makes no flows of",
    "orphan_fragments": "later IP fragments whose first fragment was not seen",
    "nested_too_deep": "packets with more headers inside each other than are followed",
    "after_close": "packets of a connection that the profile had already closed",
    "flows": "flows that were opened",
    "evicted_flows": "flows that left early because the table was full",
    "unfinished_flows": "flows that were still open at the end, and that the profile does not report",
    "clock_resets": "times that the capture's clock jumped back by more than an hour, which starts the stream anew",
    "late_flows": "flows that left after one that ends later, because the capture's clock ran backward",
    "packets": "packets seen",
    "bytes": "bytes of these packets on the wire",
    "backward_clock": "packets with a time before the newest so far",
    "joined_fragments": "later IP fragments that were joined to the flow of their first",
    "sampled_out_packets": "packets of flows that were not followed, because the capture came faster than it was read",
    "sampled_out_flows": "flows that were not followed for this reason (a repeated SYN counts again)",
    "early_reports": "long flows that were reported before their end",
    "checked_checksums": "TCP and UDP packets whose checksum was looked at",
    "wrong_checksums": "those whose checksum was wrong; they count like all others",
    "payload_without_room": "flows whose payload was not looked at, because that of too many others was",
}
"""Name and meaning of each counter, in the order of the kernel's counter array."""


def new_counters() -> npt.NDArray[np.int64]:
    """Make the kernel's counter array, all zero."""
    return np.zeros(len(COUNTERS), np.int64)
