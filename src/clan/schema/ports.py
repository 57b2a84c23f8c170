"""Which protocols have ports, whatever stands in the columns `src_port` and `dst_port`."""

from __future__ import annotations

from typing import Final

WITH_PORTS: Final = (6, 17, 33, 132, 136)
"""IANA numbers of TCP, UDP, DCCP, SCTP and UDP-Lite."""
ICMP: Final = (1, 58)
"""ICMP and ICMPv6, whose flows have their type in `src_port`, and in `dst_port` the type that answers it, or the code
where none does."""


def has_ports(protocol: int | None) -> bool:
    """Tell whether a number in `src_port` or `dst_port` is a port; of an unknown protocol it is taken for one.

    Args:
        protocol: IANA protocol number, or None.

    Example:
        >>> has_ports(6), has_ports(1), has_ports(47), has_ports(None)
        (True, False, False, True)
    """
    return protocol is None or protocol in WITH_PORTS
