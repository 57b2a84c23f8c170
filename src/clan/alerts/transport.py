"""Names of transport protocols, as EVE and people write them."""

from __future__ import annotations

from clan.errors import ConfigError

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
    return _NAMES.get(protocol) or f"{protocol:03d}"


def protocol_number(protocol: str | int) -> int:
    """Read what somebody calls a protocol.

    Args:
        protocol: A name as `transport_name` gives it, in any case, or an IANA number.

    Raises:
        ConfigError: It is neither.

    Example:
        >>> protocol_number("tcp"), protocol_number("47")
        (6, 47)
    """
    text = str(protocol).strip().upper()
    if text.isascii() and text.isdigit() and int(text) <= 255:
        return int(text)
    names = {name: number for number, name in _NAMES.items()} | {"ICMPV6": 58, "ICMP6": 58}
    if text not in names:
        raise ConfigError(f"unknown protocol {protocol!r}: give a number from 0 to 255 or one of {', '.join(names)}")
    return names[text]
