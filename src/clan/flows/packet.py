"""One decoded packet: what the decoder fills in and the flow table reads."""

from __future__ import annotations

from typing import Final

import numpy as np

from clan.flows.jit import record_type

PACKET: Final = record_type(
    [
        ("src_hi", np.uint64),  # address, upper 8 bytes; 0 for IPv4
        ("src_lo", np.uint64),  # address, lower 8 bytes; the 4 bytes of IPv4
        ("dst_hi", np.uint64),
        ("dst_lo", np.uint64),
        ("ts", np.int64),  # us since the epoch
        ("tag", np.uint64),  # what tells equal addresses apart: VLAN tags (outermost highest), virtual network, tunnel
        ("at", np.int64),  # the decoder's cursor in the buffer
        ("end", np.int64),  # end of the captured bytes in the buffer
        ("wire_end", np.int64),  # where the packet would end, had it been captured whole
        ("src_port", np.int32),
        ("dst_port", np.int32),
        ("protocol", np.int32),  # IANA number
        ("version", np.int32),  # 4 or 6
        ("payload", np.int32),  # transport payload in bytes, from the IP lengths
        ("header", np.int32),  # transport header in bytes
        ("behind_ip", np.int32),  # bytes behind the fixed part of the IP header, from the IP length
        ("tcp_flags", np.int32),  # the TCP flags byte, 0 for other protocols
        ("byte13", np.int32),  # the byte where TCP has its flags, whatever the protocol (profile lycos)
        ("window", np.int32),  # TCP window, unscaled
        ("fragment_id", np.int64),  # IP identification, or -1 for a packet that is whole
        ("fragment_offset", np.int32),  # in bytes
        ("next_type", np.int32),  # the Ethernet type of what stands at the cursor
        ("padded", np.int32),  # whether an 802.11 header is padded to 4 bytes
        ("tunnel", np.int32),  # the kind of tunnel that the packet came through, of `layer`
        ("tunnel_id", np.int64),  # its number: virtual network, key, tunnel endpoint
        ("outer_src_hi", np.uint64),  # the hosts that the tunnel runs between
        ("outer_src_lo", np.uint64),
        ("outer_dst_hi", np.uint64),
        ("outer_dst_lo", np.uint64),
        ("outer_version", np.int32),
    ]
)
"""The scratch record of the decoder, filled anew for each packet."""

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10
URG: Final = 0x20
ECE: Final = 0x40
CWR: Final = 0x80

ICMP: Final = 1
IGMP: Final = 2
TCP: Final = 6
UDP: Final = 17
ICMPV6: Final = 58
SCTP: Final = 132
UDPLITE: Final = 136

PROTOCOL_NAMES: Final = {
    1: "ICMP", 2: "IGMP", 4: "IPIP", 6: "TCP", 17: "UDP", 41: "IPv6", 47: "GRE", 50: "ESP", 51: "AH",
    58: "IPv6-ICMP", 88: "EIGRP", 89: "OSPF", 103: "PIM", 112: "VRRP", 132: "SCTP", 136: "UDPLite",
}  # fmt: skip
"""IANA names of the protocols that are met in practice."""
