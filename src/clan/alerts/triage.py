"""What happens to alerts before they go out: names, suppression, incidents, rate limits, store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from clan.alerts.alert import Alert
from clan.alerts.hosts import Hosts
from clan.alerts.incident import Incident
from clan.alerts.incident_ledger import IncidentLedger
from clan.alerts.incident_tracker import IncidentTracker
from clan.alerts.rate_limit import RateLimit
from clan.alerts.store import FeatureRows, Store
from clan.alerts.suppress_watch import WatchedSuppressions
from clan.alerts.verdict_watch import WatchedVerdicts
from clan.errors import SinkError


class Triage:
    """Takes alerts, gives those that go out, and tells incidents as they begin, grow and end.

    A suppressed alert is in no incident and goes nowhere but into the store, marked as hidden. One over the rate limit
    is counted by its incident and goes nowhere else; only the one that begins an incident is in the store too, so that
    each incident has an alert there.

    Args:
        incidents: What groups alerts; None: they are not grouped.
        suppressions: What nobody wants to see.
        hosts: Names and groups of hosts.
        store: Where alerts and incidents are kept; what is like a flow that was judged benign there is hidden too.
        tell: Called with every record of an incident.

    Attributes:
        n_hidden: Alerts that a suppression or a verdict hid.
        n_limited: Alerts over the rate limit.
        ledger: The incidents as they were last told.
    """

    def __init__(
        self,
        *,
        incidents: IncidentTracker | None = None,
        suppressions: WatchedSuppressions | None = None,
        hosts: Hosts | None = None,
        store: Store | None = None,
        tell: Sequence[Callable[[Incident], None]] = (),
    ) -> None:
        self.incidents, self.suppressions, self.store = incidents, suppressions, store
        self._hosts, self._tell = hosts, tell
        self._verdicts = None if store is None else WatchedVerdicts(store)
        self.ledger = IncidentLedger()
        self.n_hidden = self.n_limited = 0

    def handle(
        self,
        alerts: Sequence[Alert],
        features: FeatureRows | None = None,
        *,
        send: Callable[[list[Alert]], None] | None = None,
    ) -> list[Alert]:
        """Decide on a batch of alerts; gives those that go out, in their order, with incident and names of hosts.

        Args:
            alerts: New alerts.
            features: What the model saw of each, for the store.
            send: Called with those that go out after the incidents are told, and also where that fails.

        Raises:
            SinkError: An incident could not be told; everything else is done.
        """
        hidden = self._hidden(alerts, features)
        events: list[Incident] = []
        kept, positions, out = [], [], []
        for position, alert in enumerate(alerts):
            named, limited = self._named(alert), False
            if position in hidden:
                kept.append(named)
                positions.append(position)
                continue
            if self.incidents is not None:
                tracked = self.incidents.add(named)
                events += tracked.events
                self.n_limited += tracked.limited
                if tracked.limited and all(event.state != "new" for event in tracked.events):
                    continue
                named = replace(named, incident_id=tracked.incident_id)
                limited = tracked.limited
            kept.append(named)
            positions.append(position)
            if not limited:
                out.append(named)
        grown = [] if self.incidents is None else self.incidents.touched()
        if self.store is not None:
            rows = None if features is None else FeatureRows(names=features.names, values=features.values[positions])
            names = {alerts[position].alert_id: name for position, name in hidden.items()}
            self.store.write(kept, features=rows, hidden=names, incidents=[*events, *grown])
            if hidden:
                self._flush()
        try:
            self._told(events)
        finally:
            for incident in grown:
                self.ledger.add(incident)
            if send is not None:
                send(out)
        return out

    def change(self, *, suppressions: WatchedSuppressions | None, hosts: Hosts | None, limit: RateLimit | None) -> None:
        """Go over to other suppressions, names of hosts and limits from the next alert on."""
        if self.suppressions is not None:
            self.suppressions.flush()
        self.suppressions, self._hosts = suppressions, hosts
        if self.incidents is not None:
            self.incidents.change(limit=limit, hosts=hosts)

    def advance(self, source: str, moment: datetime) -> None:
        """Close incidents of a stream that are over: without alerts, its flows tell that time passes."""
        if self.incidents is not None:
            self._end(self.incidents.advance(source, moment))

    def close(self) -> None:
        """Close all incidents, and move the hit counters into the store; safe to call twice."""
        if self.incidents is not None:
            self._end(self.incidents.close())
        self._flush()

    def _hidden(self, alerts: Sequence[Alert], features: FeatureRows | None) -> dict[int, str]:
        """Give the positions of alerts that nobody wants to see, and by what."""
        hidden = {} if self._verdicts is None else self._verdicts.match(alerts, features)
        current = None if self.suppressions is None else self.suppressions.current()
        now = datetime.now(UTC)
        for position, alert in enumerate(alerts if current else ()):
            entry = None if current is None else current.match(alert, now=now)
            if entry is not None:
                hidden[position] = entry.suppression_id
        self.n_hidden += len(hidden)
        return hidden

    def _flush(self) -> None:
        for watched in (self.suppressions, self._verdicts):
            if watched is not None:
                watched.flush()

    def _named(self, alert: Alert) -> Alert:
        if self._hosts is None:
            return alert
        src, dst = self._hosts.look_up(alert.src_ip), self._hosts.look_up(alert.dst_ip)
        return replace(alert, src_name=src.name, src_group=src.group, dst_name=dst.name, dst_group=dst.group)

    def _end(self, events: list[Incident]) -> None:
        if self.store is not None and events:
            self.store.write([], incidents=events)
        self._told(events)

    def _told(self, events: list[Incident]) -> None:
        """Tell everybody of every record, also where one of them cannot take it."""
        failure: SinkError | None = None
        for incident in events:
            self.ledger.add(incident)
            for tell in self._tell:
                try:
                    tell(incident)
                except SinkError as error:
                    failure = failure or error
        if failure is not None:
            raise failure
