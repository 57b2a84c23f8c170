"""Names of transport protocols, as EVE and people write them."""

from __future__ import annotations

_NAMES = {
    1: "ICMP",
    2: "IGMP",
    6: "TCP",
    17: "UDP",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "IPv6-ICMP",
    89: "OSPF",
    132: "SCTP",
}


def transport_name(protocol: int) -> str:
    """Name an IANA protocol number in upper case; a number without a common name keeps three digits, as in EVE.

    Example:
        >>> transport_name(6), transport_name(46)
        ('TCP', '046')
    """
    return _NAMES.get(protocol, f"{protocol:03d}")
