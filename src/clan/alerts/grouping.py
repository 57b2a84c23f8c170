"""The rule by which alerting flows become incidents, one flow at a time, in bounded memory.

A flow joins, in this order:

1. the open group of its actor that it shares a target with, or a service (protocol and port); when these are two
   groups, they become one;
2. the open group of its actor that has become wide (more than 32 targets or services): a sweep;
3. the open group of many actors at its target and service;
4. else a new group.

When many actors (16 within five minutes) appear at one port of one target, or from one port, or 64 whatever the ports,
their groups become one, as far as these hold nothing else: a group of an actor that did other things stays apart, and
so do its later flows. Different actors are never put together otherwise. A group is over an hour after its last flow.

The cost of a flow does not depend on how many came before, and nothing depends on how flows are cut into batches.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from functools import partial
from typing import NamedTuple

from clan.alerts.group import WIDE, Flow, Group, GroupSettings

MAX_FANS = 20_000
"""Services of targets whose actors are remembered; beyond, the one that was quiet for longest is forgotten."""
MAX_OWN = 3
"""An actor with more flows than this is not merged for its target and protocol alone."""


class Placed(NamedTuple):
    """Where a flow went.

    Attributes:
        group: The group that it is in.
        new: Whether it is the first of it.
        merged: Groups that became a part of that group by it, oldest first; their `into` is that group.
        closed: Groups that were over, or had to make room, oldest first.
    """

    group: Group
    new: bool
    merged: list[Group]
    closed: list[Group]


class _Fan:
    """Actors at one service of one target, lately."""

    __slots__ = ("groups", "into")

    def __init__(self) -> None:
        self.groups: dict[str, tuple[int | None, Group]] = {}
        self.into: Group | None = None


class Grouping:
    """Puts flows into groups.

    Args:
        settings: When flows belong together.

    Attributes:
        n_groups: Groups that were opened, less those that became a part of another.
        n_evicted: Groups that were closed to make room.
    """

    def __init__(self, settings: GroupSettings | None = None) -> None:
        self.settings = settings or GroupSettings()
        self.n_groups = self.n_evicted = 0
        self._n_opened = 0
        self._gap_us = round(self.settings.gap_s * 1e6)
        self._window_us = round(self.settings.many_window_s * 1e6)
        self._keys: dict[Hashable, Group] = {}
        self._fans: OrderedDict[Hashable, _Fan] = OrderedDict()
        self._open: OrderedDict[int, Group] = OrderedDict()  # least lately used first
        self._streams: dict[str, OrderedDict[int, Group]] = {}  # the same by stream

    def add(self, flow: Flow) -> Placed:
        """Put a flow into its group."""
        closed = [] if flow.time_us is None else self.expire(flow.stream, flow.time_us)
        own, merged = self._own(flow)
        fans = self._fans_of(flow)
        group = own or self._of_many(flow, fans)
        new = group is None
        if group is None:
            closed += self._make_room()
            group = Group(self._n_opened, flow)
            self._n_opened += 1
            self.n_groups += 1
        group.add(flow)
        self._touch(group)
        if not group.many:
            self._register(group, flow)
            group, found = self._gather(group, flow, fans)
            merged += found
            new = new and group.n == 1
        return Placed(group, new, merged, closed)

    def expire(self, stream: str, time_us: int) -> list[Group]:
        """Close the groups of a stream that are over at a time; gives them, oldest first."""
        opened, closed = self._streams.get(stream), []
        while opened:
            group = next(iter(opened.values()))
            if group.last_us is None or group.last_us + self._gap_us >= time_us:
                break
            self._close(group)
            closed.append(group)
        return sorted(closed, key=lambda group: group.number)

    def close(self) -> list[Group]:
        """Close all groups; gives them, oldest first."""
        groups = self.open_groups()
        for group in groups:
            self._close(group)
        return groups

    def open_groups(self) -> list[Group]:
        """Give the groups that are open, oldest first."""
        return sorted(self._open.values(), key=lambda group: group.number)

    def _own(self, flow: Flow) -> tuple[Group | None, list[Group]]:
        """Find the group of the flow's actor."""
        found = [self._held(key, flow) for key in _keys_of(flow)]
        groups = sorted({g.number: g for g in found if g is not None}.values(), key=lambda group: group.number)
        if not groups:
            return self._held((flow.stream, flow.actor), flow), []
        for later in groups[1:]:
            self._merge(later, groups[0])
        return groups[0], groups[1:]

    def _held(self, key: Hashable, flow: Flow) -> Group | None:
        group = self._keys.get(key)
        return group if group is not None and group.holds(flow.time_us, self._gap_us) else None

    def _of_many(self, flow: Flow, fans: list[_Fan]) -> Group | None:
        for fan in fans:
            if fan.into is not None and fan.into.number in self._open and fan.into.holds(flow.time_us, self._gap_us):
                return fan.into
        return None

    def _register(self, group: Group, flow: Flow) -> None:
        """Remember by which keys further flows find the group."""
        for key in (*_keys_of(flow), (flow.stream, flow.actor)):
            whole = len(key) == 2
            if self._keys.get(key) is group or (whole and not group.wide) or (group.wide and not whole):
                continue
            self._keys[key] = group
            group.keys.append(key)
        if not group.wide and len(group.keys) > WIDE + 1:
            group.wide = True
            self._register(group, flow)

    def _fans_of(self, flow: Flow) -> list[_Fan]:
        """Find what is remembered of the flow's target, narrowest first."""
        place = (flow.stream, flow.target, flow.protocol)
        keys: list[Hashable] = [(*place, "to", flow.dst_port)]
        if flow.src_port is not None:
            keys.append((*place, "from", flow.src_port))
        keys.append(place)
        fans = []
        for key in keys:
            fan = self._fans.get(key)
            if fan is None:
                if len(self._fans) >= MAX_FANS:
                    self._fans.popitem(last=False)
                fan = self._fans[key] = _Fan()
            else:
                self._fans.move_to_end(key)
            fans.append(fan)
        return fans

    def _gather(self, group: Group, flow: Flow, fans: list[_Fan]) -> tuple[Group, list[Group]]:
        """Note the actor at its target; gives the group that it is in then, and those that have become a part of it."""
        for position, fan in enumerate(fans):
            any_port = position == len(fans) - 1
            pure = partial(_is_pure, any_port=any_port, by_source=position == 1 and not any_port)
            fan.groups.pop(flow.actor, None)
            if not pure(group):
                continue
            fan.groups[flow.actor] = flow.time_us, group
            self._forget(fan, flow.time_us)
            enough = self.settings.many_any_port if any_port else self.settings.many
            if len(fan.groups) < enough:
                continue
            fan.groups = {a: (t, g) for a, (t, g) in fan.groups.items() if g.number in self._open and pure(g)}
            if len(fan.groups) < enough:
                continue
            first, *later = sorted((g for _, g in fan.groups.values()), key=lambda g: g.number)
            fan.groups, fan.into = {}, first
            self._unregister(first)
            first.many = True
            for other in later:
                self._merge(other, first)
            return first, later
        return group, []

    def _forget(self, fan: _Fan, time_us: int | None) -> None:
        """Forget actors that were there too long ago."""
        while time_us is not None and fan.groups:
            actor, (seen_us, _) = next(iter(fan.groups.items()))
            if seen_us is None or seen_us >= time_us - self._window_us:
                break
            del fan.groups[actor]

    def _merge(self, group: Group, into: Group) -> None:
        into.absorb(group)
        keys = list(group.keys)
        self._unregister(group)
        if not into.many:
            for key in keys:
                self._keys[key] = into
                into.keys.append(key)
        self._drop(group)
        self.n_groups -= 1

    def _unregister(self, group: Group) -> None:
        for key in group.keys:
            if self._keys.get(key) is group:
                del self._keys[key]
        group.keys.clear()

    def _close(self, group: Group) -> None:
        self._unregister(group)
        self._drop(group)

    def _drop(self, group: Group) -> None:
        del self._open[group.number]
        of_stream = self._streams[group.stream]
        del of_stream[group.number]
        if not of_stream:
            del self._streams[group.stream]

    def _make_room(self) -> list[Group]:
        if len(self._open) < self.settings.max_open:
            return []
        oldest = next(iter(self._open.values()))
        self._close(oldest)
        self.n_evicted += 1
        return [oldest]

    def _touch(self, group: Group) -> None:
        for opened in (self._open, self._streams.setdefault(group.stream, OrderedDict())):
            opened[group.number] = group
            opened.move_to_end(group.number)


def _keys_of(flow: Flow) -> tuple[tuple[Hashable, ...], tuple[Hashable, ...]]:
    """Give the target and the service of an actor."""
    return (flow.stream, flow.actor, flow.target), (flow.stream, flow.actor, flow.protocol, flow.dst_port)


def _is_pure(group: Group, *, any_port: bool, by_source: bool) -> bool:
    """Whether a group holds nothing but flows of one actor to one target, port and protocol."""
    if group.many or group.one_target is None or group.one_actor is None or group.one_protocol is None:
        return False
    if any_port:
        return group.n <= MAX_OWN
    return group.one_src_port is not None if by_source else len(group.services) == 1
