"""Everything that can be set for `clan watch`: one TOML file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from clan.alerts import GroupSettings, RateLimit, TriageSettings
from clan.alerts.store import Retention
from clan.errors import ConfigError
from clan.watch.kinds import Checked, FilePath, FromEnvironment, Range, ip_address
from clan.watch.recalibration import RecalibrateSettings
from clan.watch.sink_table import SinkTable
from clan.watch.source_settings import SourceSettings

METRICS_PORT = 9469
"""Where Prometheus is answered unless another port is named."""


@dataclass(frozen=True, kw_only=True)
class ViewSettings:
    """How it shows what it does, where standard error is a terminal and where it is not.

    Attributes:
        plain: Log lines also on a terminal.
        log_every_s: How often a log line says how it goes, in plain mode.
    """

    plain: bool = False
    log_every_s: Annotated[float, Range(1, 86_400)] = 60.0


@dataclass(frozen=True, kw_only=True)
class LogSettings:
    """Log lines.

    Attributes:
        level: The least of them that is written.
        file: Where they go besides standard error; opened anew on SIGHUP.
    """

    EXAMPLES: ClassVar = {"file": "/var/log/clan/clan.log"}

    level: Literal["debug", "info", "warning", "error"] = "info"
    file: Annotated[str, FilePath()] | None = None


@dataclass(frozen=True, kw_only=True)
class MetricsSettings:
    """Figures for Prometheus; needs clan-ids[metrics].

    Attributes:
        enabled: Whether they are served.
        address: Where to listen; the environment variable CLAN_METRICS_ADDRESS goes first. Nobody is asked for a
            password, so another address than a loopback one is for networks that you trust.
        port: Where to listen.
    """

    enabled: bool = False
    address: Annotated[str, FromEnvironment("CLAN_METRICS_ADDRESS"), Checked(ip_address)] = "127.0.0.1"
    port: Annotated[int, Range(1, 65_535)] = METRICS_PORT


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """Where alerts, incidents, verdicts and suppressions are kept: one SQLite file, for other commands to work on too.

    Attributes:
        enabled: Whether they are kept.
        path: The file.
        synchronous: What a power failure may take: with normal the last alerts, with full none; full is slower.
        max_size_bytes: The oldest alerts go when it is larger.
        max_age_s: Older alerts go.
    """

    enabled: bool = True
    path: Annotated[str, FilePath()] = "clan.db"
    synchronous: Literal["normal", "full"] = "normal"
    max_size_bytes: Annotated[int, Range(1 << 20, 1 << 50)] = 2 << 30
    max_age_s: Annotated[float, Range(3600)] = 365 * 86_400.0


@dataclass(frozen=True, kw_only=True)
class IncidentSettings:
    """When alerts are one incident, and how many of one host go out.

    Attributes:
        gap_s: An incident is over so long after its last flow.
        alerts_per_host: At most so many alerts an hour of one host go out; what is over is counted by its incident.
    """

    EXAMPLES: ClassVar = {"alerts_per_host": 100}

    gap_s: Annotated[float, Range(1, 7 * 86_400)] = 3600.0
    alerts_per_host: Annotated[int, Range(1)] | None = None


@dataclass(frozen=True, kw_only=True)
class WatchSettings:
    """Settings of clan watch. Paths count from the folder of this file.

    Attributes:
        model: Model file made by clan train.
        state: Where positions in logs are kept, so that a restart goes on from there.
        hosts: Names and groups of hosts, CSV or TOML.
        suppress: Suppressions in the form of Suricata's threshold.config, followed as they change.
        source: What is read.
        store: Where alerts and incidents are kept.
        incidents: When alerts are one incident.
        recalibrate: Setting the threshold anew while watching.
        sinks: Where alerts go.
        log: Log lines.
        view: How it shows what it does.
        metrics: Figures for Prometheus.
    """

    TO_CHANGE: ClassVar = {"model": "office.clan"}
    EXAMPLES: ClassVar = {"hosts": "hosts.csv", "suppress": ["threshold.config"]}

    model: Annotated[str, FilePath()]
    state: Annotated[str, FilePath()] = "clan.state"
    hosts: Annotated[str, FilePath()] | None = None
    suppress: tuple[Annotated[str, FilePath()], ...] = ()
    source: SourceSettings
    store: StoreSettings = field(default_factory=StoreSettings)
    incidents: IncidentSettings = field(default_factory=IncidentSettings)
    recalibrate: RecalibrateSettings = field(default_factory=RecalibrateSettings)
    sinks: tuple[SinkTable, ...] = ()
    log: LogSettings = field(default_factory=LogSettings)
    view: ViewSettings = field(default_factory=ViewSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)

    def __post_init__(self) -> None:
        names = [sink.settings.name for sink in self.sinks]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"two sinks are called {', '.join(twice)}; one is enough, or give them a name")

    @property
    def triage(self) -> TriageSettings:
        """What is done with alerts before they go out."""
        per_host = self.incidents.alerts_per_host
        return TriageSettings(
            store=self.store.path if self.store.enabled else None,
            synchronous=self.store.synchronous,
            retention=Retention(max_bytes=self.store.max_size_bytes, max_days=self.store.max_age_s / 86_400),
            hosts=self.hosts,
            suppress=self.suppress,
            limit=None if per_host is None else RateLimit(count=per_host),
            groups=GroupSettings(gap_s=self.incidents.gap_s),
        )
