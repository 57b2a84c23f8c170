"""What triage is made of: files and limits, as settings, opened or exchanged while a run goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from clan.alerts.group import GroupSettings
from clan.alerts.hosts import Hosts
from clan.alerts.incident import Incident
from clan.alerts.incident_tracker import IncidentTracker
from clan.alerts.rate_limit import RateLimit
from clan.alerts.store import Retention, Store
from clan.alerts.store.connection import Synchronous
from clan.alerts.suppress_watch import WatchedSuppressions
from clan.alerts.triage import Triage


@dataclass(frozen=True, kw_only=True)
class TriageSettings:
    """What is done with alerts before they go out.

    Attributes:
        store: Where alerts and incidents are kept; None: nowhere.
        synchronous: `normal`, or `full`, which waits for the disk at every commit.
        retention: What the store keeps.
        hosts: Names and groups of hosts, CSV or TOML.
        suppress: Suppressions in the form of Suricata's threshold.config.
        limit: How many alerts of one host go out; the strictest limit of this and the suppressions counts.
        groups: When alerts are one incident.
    """

    store: str | None = None
    synchronous: Synchronous = "normal"
    retention: Retention = field(default_factory=Retention)
    hosts: str | None = None
    suppress: Sequence[str] = ()
    limit: RateLimit | None = None
    groups: GroupSettings = field(default_factory=GroupSettings)

    def open(self, stack: ExitStack, *, tell: Sequence[Callable[[Incident], None]] = ()) -> Triage:
        """Open everything; the stack closes it.

        Args:
            stack: What closes the store.
            tell: Called with every record of an incident.

        Raises:
            SourceUnavailable, ConfigError: A file that cannot be read, or says what cannot be.
            StoreError: The store cannot be opened.
        """
        hosts = None if self.hosts is None else Hosts.read(self.hosts)
        store = None
        if self.store is not None:
            store = stack.enter_context(
                Store(self.store, create=True, synchronous=self.synchronous, retention=self.retention)
            )
        suppressions = WatchedSuppressions(store=store, files=self.suppress)
        return Triage(
            incidents=IncidentTracker(self.groups, limit=self._strictest(suppressions), hosts=hosts),
            suppressions=suppressions,
            hosts=hosts,
            store=store,
            tell=tell,
        )

    def change(self, triage: Triage) -> None:
        """Go over to these names of hosts, suppressions and limits; store and groups stay as they were opened.

        Raises:
            SourceUnavailable, ConfigError: A file cannot be read, or says what cannot be; everything stays as it was.
        """
        hosts = None if self.hosts is None else Hosts.read(self.hosts)
        suppressions = WatchedSuppressions(store=triage.store, files=self.suppress)
        triage.change(suppressions=suppressions, hosts=hosts, limit=self._strictest(suppressions))

    def _strictest(self, suppressions: WatchedSuppressions) -> RateLimit | None:
        limits = [limit for limit in (self.limit, suppressions.rate_limit) if limit is not None]
        return min(limits, key=lambda limit: limit.per_s, default=None)
