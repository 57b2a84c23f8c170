"""What a flow is grouped by, and a group of flows that is still open."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple

from clan.alerts.group_distinct import DistinctCount, PortCount
from clan.schema import has_ports

WIDE = 32
"""A group of more targets or services than this takes all further flows of its actor: that is what a sweep is."""
FEW_PORTS = 8
"""Up to so many ports an actor knocks at services; above, at ports."""


class Flow(NamedTuple):
    """What grouping looks at.

    Attributes:
        stream: The stream that it came from; flows of different streams are never grouped.
        time_us: Its end in microseconds of the epoch, or None.
        actor: Address of the originator.
        target: Address of the responder.
        protocol: IANA protocol number, or None.
        src_port: Port of the originator, or None.
        dst_port: Port of the responder, or None.
    """

    stream: str
    time_us: int | None
    actor: str
    target: str
    protocol: int | None = None
    src_port: int | None = None
    dst_port: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupSettings:
    """When flows belong together.

    Attributes:
        gap_s: So long after its last flow a group is over, in seconds.
        max_open: Groups that are open at once; beyond, the one that was quiet for longest is closed, and counted.
        many: So many actors at one service of one target within `many_window_s` are one group of many actors.
        many_any_port: The same for one target and protocol, whatever the ports.
        many_window_s: See `many`; in seconds.
    """

    gap_s: float = 3600.0
    max_open: int = 10_000
    many: int = 16
    many_any_port: int = 64
    many_window_s: float = 300.0


class Group:
    """Flows that belong together, as counts; bounded whatever their number."""

    __slots__ = (
        "actors", "first_us", "into", "keys", "last_us", "many", "n", "number", "one_actor", "one_protocol",
        "one_src_port", "one_target", "ports", "services", "stream", "targets", "wide",
    )  # fmt: skip

    def __init__(self, number: int, flow: Flow) -> None:
        self.number, self.stream = number, flow.stream
        self.first_us = self.last_us = flow.time_us
        self.n = 0
        self.one_actor: str | None = flow.actor
        self.one_target: str | None = flow.target
        self.one_protocol, self.one_src_port = flow.protocol, flow.src_port
        self.actors, self.targets, self.ports = DistinctCount(), DistinctCount(), PortCount()
        self.services: set[tuple[int | None, int | None]] = set()
        self.keys: list[Hashable] = []
        self.wide = self.many = False
        self.into: Group | None = None

    def add(self, flow: Flow) -> None:
        """Count a flow."""
        self.n += 1
        if self.one_actor != flow.actor or self.n == 1:
            self.actors.add(flow.actor)
        if self.one_target != flow.target or self.n == 1:
            self.targets.add(flow.target)
        if self.one_actor != flow.actor:
            self.one_actor = None
        if self.one_target != flow.target:
            self.one_target = None
        if self.one_protocol != flow.protocol:
            self.one_protocol = None
        if self.one_src_port != flow.src_port:
            self.one_src_port = None
        if flow.dst_port is not None and 0 <= flow.dst_port < 65_536 and has_ports(flow.protocol):
            self.ports.add(flow.dst_port)
        if len(self.services) <= WIDE:
            self.services.add((flow.protocol, flow.dst_port))
        self._span(flow.time_us, flow.time_us)

    def absorb(self, other: Group) -> None:
        """Count all flows of another group, which is then a part of this one."""
        self.n += other.n
        self.actors.update(other.actors)
        self.targets.update(other.targets)
        self.ports.update(other.ports)
        self.services |= other.services
        for name in ("one_actor", "one_target", "one_protocol", "one_src_port"):
            if getattr(self, name) != getattr(other, name):
                setattr(self, name, None)
        self._span(other.first_us, other.last_us)
        self.wide |= other.wide
        other.into = self

    def holds(self, time_us: int | None, gap_us: int) -> bool:
        """Whether a flow at this time is near enough."""
        if time_us is None or self.first_us is None or self.last_us is None:
            return True
        return self.first_us - gap_us <= time_us <= self.last_us + gap_us

    def _span(self, first_us: int | None, last_us: int | None) -> None:
        if first_us is not None and (self.first_us is None or first_us < self.first_us):
            self.first_us = first_us
        if last_us is not None and (self.last_us is None or last_us > self.last_us):
            self.last_us = last_us
