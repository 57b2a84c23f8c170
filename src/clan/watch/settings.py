"""Everything that can be set for `clan watch`: one TOML file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from clan.errors import ConfigError
from clan.watch.kinds import Checked, FilePath, FromEnvironment, Range, ip_address
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
class WatchSettings:
    """Settings of clan watch. Paths count from the folder of this file.

    Attributes:
        model: Model file made by clan train.
        state: Where positions in logs are kept, so that a restart goes on from there.
        source: What is read.
        sinks: Where alerts go.
        log: Log lines.
        view: How it shows what it does.
        metrics: Figures for Prometheus.
    """

    TO_CHANGE: ClassVar = {"model": "office.clan"}

    model: Annotated[str, FilePath()]
    state: Annotated[str, FilePath()] = "clan.state"
    source: SourceSettings
    sinks: tuple[SinkTable, ...] = ()
    log: LogSettings = field(default_factory=LogSettings)
    view: ViewSettings = field(default_factory=ViewSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)

    def __post_init__(self) -> None:
        names = [sink.settings.name for sink in self.sinks]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"two sinks are called {', '.join(twice)}; one is enough, or give them a name")
