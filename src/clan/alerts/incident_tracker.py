"""Alerts in, incidents out: as they begin, grow and end."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from clan.alerts.alert import Alert
from clan.alerts.group import FEW_PORTS, Flow, Group, GroupSettings
from clan.alerts.grouping import Grouping
from clan.alerts.hosts import Hosts
from clan.alerts.incident import Incident, Pattern, State
from clan.alerts.incident_severity import incident_severity
from clan.alerts.rate_limit import RateLimit, RateLimiter

REPRESENTATIVES = 8
"""Alerts that an incident names."""
SHOWN_PORTS = 16
_MOST_REASONS = 5
_MOST_COUNTED = 256  # different reasons or labels that one incident counts

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Tracked(NamedTuple):
    """What became of an alert.

    Attributes:
        incident_id: The incident that it is in, or None where it has no addresses.
        limited: Whether it is over the rate limit: the incident counts it, and nothing else should tell of it.
        events: Records of incidents that began, grew or ended by it, in that order of closing first.
    """

    incident_id: str | None
    limited: bool
    events: list[Incident]


class _Story:
    """What an incident tells beyond what its group counts."""

    __slots__ = (
        "first_us", "incident_id", "labels", "last_us", "limited", "model_id", "reasons", "reported", "score", "told",
        "worst", "worst_severity",
    )  # fmt: skip

    def __init__(self, alert: Alert) -> None:
        self.incident_id = hashlib.sha256(f"incident\0{alert.alert_id}".encode()).hexdigest()[:12]
        self.worst: list[tuple[float, float, int, str]] = []  # p-value, minus score, order, id
        self.worst_severity, self.score = alert.severity, alert.anomaly_score
        self.labels: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.first_us: int | None = None
        self.last_us: int | None = None
        self.model_id, self.limited = alert.model_id, 0
        self.told = 0  # alerts at the last event
        self.reported = 5  # severity at the last event

    def add(self, alert: Alert, order: int) -> None:
        self.model_id = alert.model_id
        self.worst_severity = min(self.worst_severity, alert.severity)
        self.score = max(self.score, alert.anomaly_score)
        self.span(_micros(alert.timestamp or alert.ts_end), _micros(alert.when))
        if alert.label is not None and len(self.labels) < _MOST_COUNTED:
            self.labels[alert.label] += 1
        if alert.reasons and len(self.reasons) < _MOST_COUNTED:
            self.reasons[alert.reasons[0].feature] += 1
        self._keep((alert.p_value, -alert.anomaly_score, order, alert.alert_id))

    def absorb(self, other: _Story) -> None:
        self.worst_severity = min(self.worst_severity, other.worst_severity)
        self.score = max(self.score, other.score)
        self.labels.update(other.labels)
        self.reasons.update(other.reasons)
        self.limited += other.limited
        self.span(other.first_us, other.last_us)
        for each in other.worst:
            self._keep(each)

    def span(self, first_us: int | None, last_us: int | None) -> None:
        if first_us is not None:
            self.first_us = first_us if self.first_us is None else min(self.first_us, first_us)
        if last_us is not None:
            self.last_us = last_us if self.last_us is None else max(self.last_us, last_us)

    def _keep(self, entry: tuple[float, float, int, str]) -> None:
        """Keep the first alert and the least likely others, those in order."""
        if len(self.worst) == REPRESENTATIVES and entry > self.worst[-1] and entry[2] > self.worst[0][2]:
            return  # nearly always, in an incident of many alerts
        first, *others = sorted([*self.worst, entry], key=lambda e: e[2])
        self.worst = [first, *sorted(others)[: REPRESENTATIVES - 1]]


class IncidentTracker:
    """Groups alerts into incidents as they come; see `clan.alerts.grouping` for the rule.

    An incident is told when it begins, each time it has doubled or became more severe, and when it ends. The records
    depend on the alerts and their order alone.

    Args:
        settings: When alerts belong together, and how many incidents may be open.
        limit: How many alerts of one entity (the actor, or the target of many actors) may go out; None: all.
        hosts: Names and groups of hosts.

    Attributes:
        n_limited: Alerts over the limit.
        n_placeless: Alerts without addresses, which belong to no incident.
    """

    def __init__(
        self, settings: GroupSettings | None = None, *, limit: RateLimit | None = None, hosts: Hosts | None = None
    ) -> None:
        self._grouping = Grouping(settings)
        self._limiter = None if limit is None else RateLimiter(limit)
        self._hosts = hosts
        self._stories: dict[int, _Story] = {}
        self._touched: dict[int, Group] = {}
        self._order = 0
        self.n_limited = self.n_placeless = 0

    def change(self, *, limit: RateLimit | None, hosts: Hosts | None) -> None:
        """Go over to another limit and other names of hosts; a limit that stays the same remembers what it let out."""
        if limit is None or self._limiter is None or limit != self._limiter.limit:
            self._limiter = None if limit is None else RateLimiter(limit)
        self._hosts = hosts

    @property
    def n_incidents(self) -> int:
        """Incidents so far, those that became a part of another not counted."""
        return self._grouping.n_groups

    @property
    def n_open(self) -> int:
        """Incidents that may still grow."""
        return len(self._stories)

    @property
    def n_evicted(self) -> int:
        """Incidents that were closed early because too many were open."""
        return self._grouping.n_evicted

    def add(self, alert: Alert) -> Tracked:
        """Put an alert into its incident."""
        if alert.src_ip is None or alert.dst_ip is None:
            self.n_placeless += 1
            return Tracked(None, limited=False, events=[])
        time_us = _micros(alert.when)
        placed = self._grouping.add(
            Flow(alert.source, time_us, alert.src_ip, alert.dst_ip, alert.protocol, alert.src_port, alert.dst_port)
        )
        group = placed.group
        events = self._closed(placed.closed)
        story = self._stories.get(group.number)
        if story is None:
            story = self._stories[group.number] = _Story(alert)
        story.add(alert, self._order)
        self._order += 1
        self._touched[group.number] = group
        events += self._merged(placed.merged, story)
        limited = self._is_limited(group, story, time_us)
        return Tracked(story.incident_id, limited, [*events, *self._grown(group, story)])

    def advance(self, source: str, moment: datetime) -> list[Incident]:
        """Close what is over: a stream without alerts tells by its flows that time passes."""
        return self._closed(self._grouping.expire(source, _micros(moment) or 0))

    def close(self) -> list[Incident]:
        """Close all incidents; gives their last records, oldest first."""
        return self._closed(self._grouping.close())

    def touched(self) -> list[Incident]:
        """Give the incidents that have grown since this was last asked and are open, as they are now, oldest first."""
        touched, self._touched = self._touched, {}
        numbers = sorted(number for number in touched if number in self._stories)
        return [self._record(touched[number], self._stories[number], "update") for number in numbers]

    def incidents(self) -> list[Incident]:
        """Give the incidents that are open as they are now, oldest first."""
        return [self._record(g, self._stories[g.number], "update") for g in self._grouping.open_groups()]

    def _closed(self, groups: list[Group]) -> list[Incident]:
        return [self._record(group, self._stories.pop(group.number), "closed") for group in groups]

    def _merged(self, groups: list[Group], into: _Story) -> list[Incident]:
        """Add what became a part of an incident; what was told of already is closed."""
        events = []
        for group in groups:
            story = self._stories.pop(group.number, None)
            if story is not None:  # the alert at hand may have opened it, and it was never told of
                into.absorb(story)
                events.append(self._record(group, story, "closed", merged_into=into.incident_id))
        return events

    def _is_limited(self, group: Group, story: _Story, time_us: int | None) -> bool:
        if self._limiter is None:
            return False
        entity = f"{group.stream}\0{group.one_actor or group.one_target}"
        limited = not self._limiter.allows(entity, time_us)
        story.limited += limited
        self.n_limited += limited
        return limited

    def _grown(self, group: Group, story: _Story) -> list[Incident]:
        """Tell of an incident that is new, has doubled or became more severe."""
        severity = _severity(group, story)
        if group.n < 2 * story.told and severity >= story.reported:
            return []
        state: State = "new" if story.told == 0 else "update"
        story.told, story.reported = group.n, severity
        return [self._record(group, story, state)]

    def _record(self, group: Group, story: _Story, state: State, *, merged_into: str | None = None) -> Incident:
        actor, target = group.one_actor, group.one_target
        label, most = next(iter(story.labels.most_common(1)), (None, 0))
        names = _names(self._hosts, actor, target)
        return Incident(
            incident_id=story.incident_id,
            state=state,
            merged_into=merged_into,
            source=group.stream,
            actor=actor,
            target=target,
            pattern=_pattern(group),
            first_seen=_moment(story.first_us),
            last_seen=_moment(story.last_us),
            n_alerts=group.n,
            n_limited=story.limited,
            n_actors=len(group.actors),
            n_targets=len(group.targets),
            n_ports=len(group.ports),
            ports=group.ports.first(SHOWN_PORTS),
            protocol=group.one_protocol,
            severity=_severity(group, story),
            p_value=min(entry[0] for entry in story.worst),
            anomaly_score=story.score,
            model_id=story.model_id,
            label=label if 2 * most > group.n else None,
            alert_ids=tuple(entry[3] for entry in story.worst),
            reasons=tuple(name for name, _ in sorted(story.reasons.items(), key=_commonest)[:_MOST_REASONS]),
            **names,
        )


def _commonest(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _names(hosts: Hosts | None, actor: str | None, target: str | None) -> dict[str, str | None]:
    if hosts is None:
        return {}
    a, t = hosts.look_up(actor), hosts.look_up(target)
    return {"actor_name": a.name, "actor_group": a.group, "target_name": t.name, "target_group": t.group}


def _pattern(group: Group) -> Pattern:
    if group.n == 1:
        return "single"
    if group.one_actor is None:
        return "many_sources"
    few = len(group.ports) <= FEW_PORTS
    if group.one_target is not None:
        return "repeated" if few else "port_sweep"
    return "host_sweep" if few else "sweep"


def _severity(group: Group, story: _Story) -> int:
    first, last = story.first_us, story.last_us
    return incident_severity(
        story.worst_severity,
        n_alerts=group.n,
        duration_s=0.0 if first is None or last is None else (last - first) / 1e6,
        n_hosts=max(len(group.actors), len(group.targets)),
        n_ports=len(group.ports),
    )


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(time_us: int | None) -> datetime | None:
    return None if time_us is None else _EPOCH + timedelta(microseconds=time_us)
