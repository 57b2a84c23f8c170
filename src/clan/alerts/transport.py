"""Names of transport protocols, as EVE and people write them."""

from __future__ import annotations

from clan.errors import ConfigError
from clan.schema import ICMP

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


def transport_words(protocol: int, src_port: int | None, dst_port: int | None) -> str:
    """Name the protocol of a flow and, of ICMP, its type.

    Args:
        protocol: IANA protocol number.
        src_port: As in the column `src_port`: the type of ICMP.
        dst_port: As in the column `dst_port`.

    Example:
        >>> transport_words(6, 1024, 80), transport_words(1, 8, 0), transport_words(58, 135, 136)
        ('TCP', 'ICMP type 8', 'IPv6-ICMP type 135')
    """
    name = transport_name(protocol)
    # two zeros are how a source writes that it tells neither: type 0 answers type 8
    if protocol in ICMP and src_port is not None and (src_port, dst_port) != (0, 0):
        return f"{name} type {src_port}"
    return name


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
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 255:
        return int(text)
    names = {name: number for number, name in _NAMES.items()} | {"ICMPV6": 58, "ICMP6": 58}
    if text not in names:
        raise ConfigError(f"unknown protocol {protocol!r}: give a number from 0 to 255 or one of {', '.join(names)}")
    return names[text]
