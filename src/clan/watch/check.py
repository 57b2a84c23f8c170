"""Everything about a configuration that can be known without watching: all that is wrong, not only the first."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from clan.alerts import Hosts, read_thresholds
from clan.alerts.sinks import encoding_of
from clan.errors import ClanError, MissingExtra, SinkError
from clan.monitor import LoadedModel, check_source
from clan.sources.live import check_interface, usable_tools
from clan.watch.settings import WatchSettings
from clan.watch.sink_table import SinkTable


def check(settings: WatchSettings) -> Iterator[str]:
    """Yield what would keep a watch with these settings from beginning, a sentence each."""
    yield from _tried(lambda: _check_writable(settings.state), "state")
    if settings.log.file is not None:
        path = settings.log.file
        yield from _tried(lambda: _check_writable(path), "log.file")
    if settings.store.enabled:
        yield from _tried(lambda: _check_writable(settings.store.path), "store.path")
    if settings.hosts is not None:
        hosts = settings.hosts
        yield from _tried(lambda: Hosts.read(hosts), "hosts")
    for path in settings.suppress:
        yield from _tried(lambda name=path: read_thresholds(name), "suppress")  # type: ignore[misc]
    if settings.metrics.enabled:
        yield from _tried(_check_metrics, "metrics")
    model: LoadedModel | None = None
    try:
        model = LoadedModel.open(settings.model)
    except ClanError as error:
        yield f"model: {error}"
    yield from _source(settings, model)
    for number, sink in enumerate(settings.sinks):
        yield from _tried(lambda table=sink: _check_sink(table), f"sinks.{number}")  # type: ignore[misc]


def warnings(settings: WatchSettings) -> Iterator[str]:
    """Yield what works and is worth a second look."""
    metrics = settings.metrics
    if metrics.enabled and not ipaddress.ip_address(metrics.address).is_loopback:
        yield f"metrics: everybody who reaches {metrics.address}:{metrics.port} can read them"
    for text in settings.source.listen:
        if "127.0.0.1" not in text and "[::1]" not in text:
            yield f"source.listen: everybody who reaches {text} can send flows; filter who may"


def _source(settings: WatchSettings, model: LoadedModel | None) -> Iterator[str]:
    """Yield what is wrong with the source, and with the model for it."""
    source = settings.source
    for interface in source.interfaces:
        yield from _tried(lambda name=interface: check_interface(name), "source.interfaces")  # type: ignore[misc]
    if source.interfaces:
        yield from _tried(lambda: usable_tools(source.capture_tool, source.bpf), "source.capture_tool")
    for path in source.follow:
        if "://" not in path and not os.access(path, os.R_OK):
            yield f"source.follow: {path} {'may not be read' if os.path.lexists(path) else 'does not exist'}"
            model = None
    if model is None:
        return
    kind = "packets" if source.interfaces else "netflow" if source.listen else None
    if kind is not None:
        detector = model.detector
        yield from _tried(lambda: check_source(detector, kind), "model")
        return
    reading = model
    yield from _tried(lambda: _open(reading, settings), "source")


def _open(model: LoadedModel, settings: WatchSettings) -> None:
    """Open logs or files, and leave them."""
    reader = model.reader(settings.source.input(state=settings.state))
    close = getattr(reader, "close", None)
    if close is not None:
        close()


def _tried(attempt: Callable[[], object], what: str) -> Iterator[str]:
    try:
        attempt()
    except ClanError as error:
        yield f"{what}: {error}"


def _check_metrics() -> None:
    if find_spec("prometheus_client") is None:
        raise MissingExtra("prometheus_client", "metrics", "serve figures to Prometheus")


def _check_sink(sink: SinkTable) -> None:
    """Look at what opening a sink needs: its file's folder, its library, its secrets. Nobody is connected to."""
    settings = sink.settings
    if settings.address.scheme == "file":
        if settings.address.path != "-":
            _check_writable(settings.address.path)
        return
    opener = settings.kind.opener
    encoding = opener.encoding_over(encoding_of(settings.format), settings.options)
    opener.open_transport(settings.address, settings.options, encoding).close()


def _check_writable(path: str) -> None:
    target = Path(path)
    if target.is_dir():
        raise SinkError(f"{path} is a folder; name a file")
    if not target.parent.is_dir():
        raise SinkError(f"there is no folder {target.parent}")
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise SinkError(f"{path} cannot be written: no permission")
