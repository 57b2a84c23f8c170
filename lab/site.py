"""What a site is: segments of hosts around one gateway, names, users."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

PREFIX = "clan-lab"
"""Begins the name of every namespace that the lab makes."""


@dataclass(frozen=True, kw_only=True)
class Path:
    """What the link of a host does to its packets, each way.

    Attributes:
        delay_ms: Added to every packet, in milliseconds.
        jitter_ms: Standard deviation of what is added besides; order is kept.
        loss: Share of packets that vanish, in [0, 1).
    """

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    loss: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Host:
    """One machine: a network namespace with one link.

    Attributes:
        name: Unique in its site; part of the namespace's name.
        addresses: IPv4 addresses; the first is what it sends from.
        path: What its link does.
        profile: What the user at it does; empty for servers and attackers.
        names: Host names below the site's domain, each with the number of its address.
    """

    name: str
    addresses: tuple[str, ...]
    path: Path = field(default_factory=Path)
    profile: str = ""
    names: Mapping[str, int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The address that it sends from."""
        return self.addresses[0]


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Hosts on one switch, and the gateway's address there.

    Attributes:
        name: `clients`, `servers` or `outside`.
        network: In CIDR notation; private or reserved for documentation (RFC 1918, RFC 5737).
        gateway: Address of the gateway.
        hosts: The machines.
    """

    name: str
    network: str
    gateway: str
    hosts: tuple[Host, ...]


@dataclass(frozen=True, kw_only=True)
class Site:
    """One small network.

    Attributes:
        name: `alpha` or `beta`.
        domain: Below `.example` (RFC 2606).
        segments: Clients, servers and the outside world.
        resolver: The server program that answers DNS: `dnsmasq` or `unbound`.
        tls: What the web server speaks, as nginx writes it.
        services: Names of the servers' programs, each with the host that it runs on.
        think_s: Mean pause of a user between two activities at the busiest hour, in seconds of the recording.
        tunnel: Inner addresses of the DNS tunnel, which exist only while it does.
    """

    name: str
    domain: str
    segments: tuple[Segment, ...]
    resolver: str
    tls: str
    services: Mapping[str, str]
    think_s: float
    tunnel: tuple[str, str] = ("10.53.0.1", "10.53.0.2")

    @cached_property
    def hosts(self) -> dict[str, Host]:
        """All hosts by name."""
        return {host.name: host for segment in self.segments for host in segment.hosts}

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Every address of the site, the gateway's and the tunnel's included."""
        gateways = {segment.gateway for segment in self.segments}
        return frozenset(address for host in self.hosts.values() for address in host.addresses) | {
            *gateways,
            *self.tunnel,
        }

    @cached_property
    def names(self) -> dict[str, str]:
        """Full host name to address: what the site's resolver knows."""
        return {
            f"{name}.{self.domain}": host.addresses[number]
            for host in self.hosts.values()
            for name, number in ({host.name: 0} | dict(host.names)).items()
        }

    @cached_property
    def networks(self) -> tuple[ipaddress.IPv4Network, ...]:
        """The segments' networks."""
        return tuple(ipaddress.IPv4Network(segment.network) for segment in self.segments)

    def segment(self, name: str) -> Segment:
        """Give a segment by name."""
        return next(segment for segment in self.segments if segment.name == name)

    def segment_of(self, host: Host) -> Segment:
        """Give the segment that a host is on."""
        return next(segment for segment in self.segments if host in segment.hosts)

    def running(self, service: str) -> Host:
        """Give the host that a service runs on."""
        return self.hosts[self.services[service]]

    def namespace(self, name: str) -> str:
        """Name of the network namespace of a host, of `gateway` or of `fabric`, which holds the switches."""
        return f"{PREFIX}-{self.name}-{name}"
