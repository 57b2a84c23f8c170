"""Sinks made from their settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from clan.alerts.alert import Alert
from clan.alerts.delivery import Counters, Delivery, Record, Spool, Transport
from clan.alerts.incident import Incident
from clan.alerts.sinks.base import Event, Events, Sink
from clan.alerts.sinks.encoding import Encoding, encoding_of
from clan.alerts.sinks.finding import record_id_of
from clan.alerts.sinks.settings import SinkSettings
from clan.errors import SinkError

_SORTS: Final[dict[Events, tuple[type, ...]]] = {
    "alerts": (Alert,), "incidents": (Incident,), "all": (Alert, Incident),
}  # fmt: skip
_AT_ONCE: Final = 512
"""Events that are encoded and handed on at once: few enough for memory, however many one batch of flows raises."""


def state_folder() -> Path:
    """Where clan keeps what must outlive a run: `$STATE_DIRECTORY` (systemd), `$XDG_STATE_HOME/clan` or its default."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "clan"


def spool_folder(settings: SinkSettings) -> Path:
    """The folder of a sink's spool."""
    return Path(settings.delivery.spool or state_folder() / "spool") / settings.name


def open_sink(settings: SinkSettings, *, tell: Callable[[str], None] | None = None) -> EncodingSink:
    """Open a sink.

    Files are opened at once; a receiver in the network is connected to with the first event, and may be away.

    Args:
        settings: Where alerts go, and how.
        tell: Where it is said that a receiver is away or back; called from a thread of the sink. Default: nowhere.

    Raises:
        ConfigError: A secret is missing.
        MissingExtra: A library is missing.
        SinkError: A file or the spool cannot be opened.
    """
    opener = settings.kind.opener
    encoding = opener.encoding_over(encoding_of(settings.format), settings.options)
    transport = opener.open_transport(settings.address, settings.options, encoding)
    if not settings.spooled:
        return DirectSink(encoding, transport, name=settings.name, severity=settings.severity, events=settings.events)
    delivery = settings.delivery
    try:
        spool = Spool(spool_folder(settings), max_bytes=delivery.spool_max, fsync=delivery.fsync)
    except SinkError:
        transport.close()
        raise
    return SpooledSink(
        encoding,
        Delivery(transport, spool, delivery, name=settings.name, tell=tell),
        name=settings.name,
        severity=settings.severity,
        events=settings.events,
    )


class EncodingSink:
    """A sink made of an encoding; its two kinds differ in what lies behind that.

    Args:
        encoding: Event to bytes.
        name: What it is called in messages and statistics.
        severity: The least severe level that it takes.
        events: Whether it takes alerts, incidents or both.
    """

    def __init__(self, encoding: Encoding, *, name: str, severity: int = 4, events: Events = "alerts") -> None:
        self.name, self.encoding, self.severity, self.events = name, encoding, severity, events

    def emit(self, *events: Event) -> None:
        """Take events over that are of the right sort and severe enough.

        Raises:
            SinkError: As `Sink.emit`.
        """
        sorts = _SORTS[self.events]
        wanted = [event for event in events if event.severity <= self.severity and isinstance(event, sorts)]
        failure: SinkError | None = None
        for first in range(0, len(wanted), _AT_ONCE):
            part = wanted[first : first + _AT_ONCE]
            try:
                self._take([Record(record_id_of(event), self.encoding.encode(event)) for event in part])
            except SinkError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def _take(self, records: list[Record]) -> None:
        raise NotImplementedError

    def counters(self) -> dict[str, Any]:
        """Give how many events were emitted, recovered, sent, retried, spooled and dropped."""
        raise NotImplementedError

    def reopen(self) -> None:
        """Open files anew that somebody has renamed (SIGHUP); nothing elsewhere. Safe in a signal handler."""
        raise NotImplementedError

    def close(self) -> None:
        """Deliver what is still held back, within bounds; safe to call twice."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def counters_of(sinks: Iterable[Sink]) -> dict[str, dict[str, Any]]:
    """Give what became of the events, by the name of the sink; a file that is the result of a run is none."""
    return {each.name: each.counters() for each in sinks if isinstance(each, SpooledSink)}


class SpooledSink(EncodingSink):
    """A sink whose receiver may be away: see `clan.alerts.delivery.Delivery`.

    Args:
        encoding: Event to bytes.
        delivery: Brings them to the receiver; closed with the sink.
        name: What it is called.
        severity: The least severe level that it takes.
        events: Whether it takes alerts, incidents or both.
    """

    def __init__(
        self, encoding: Encoding, delivery: Delivery, *, name: str, severity: int = 4, events: Events = "alerts"
    ) -> None:
        super().__init__(encoding, name=name, severity=severity, events=events)
        self.delivery = delivery

    def _take(self, records: list[Record]) -> None:
        self.delivery.put(*records)

    def counters(self) -> dict[str, Any]:
        """Give what became of the events."""
        return self.delivery.counters()

    def reopen(self) -> None:
        """Open a file anew."""
        self.delivery.reopen()

    def close(self) -> None:
        """Send what waits, within bounds."""
        self.delivery.close()


class DirectSink(EncodingSink):
    """A sink without a spool: events are sent before `emit` returns, and a failure is raised there.

    For the file or standard output that is the result of a run: where it cannot be written, the run has failed.

    Args:
        encoding: Event to bytes.
        transport: Takes them to the receiver; closed with the sink.
        name: What it is called.
        severity: The least severe level that it takes.
        events: Whether it takes alerts, incidents or both.
    """

    def __init__(
        self,
        encoding: Encoding,
        transport: Transport,
        *,
        name: str = "output",
        severity: int = 4,
        events: Events = "alerts",
    ) -> None:
        super().__init__(encoding, name=name, severity=severity, events=events)
        self.transport, self.count = transport, Counters()
        self._closed = False

    def _take(self, records: list[Record]) -> None:
        self.count.emitted += len(records)
        try:
            self._send(*records)
        except SinkError:
            self.count.dropped["failed"] += len(records)
            raise
        self.count.sent += len(records)

    def write(self, line: str) -> None:
        """Write a line that is no event, such as a statistics record, between the events.

        Raises:
            SinkError: It could not be written, or the sink is closed.
        """
        self._send(Record("", line.encode()))

    def _send(self, *records: Record) -> None:
        if self._closed:
            raise SinkError(f"alerts cannot be written to {self.transport.place}: it is closed")
        self.transport.send(records)

    def counters(self) -> dict[str, Any]:
        """Give how many events were emitted and sent."""
        return self.count.as_dict(waiting=0, waiting_bytes=0)

    def reopen(self) -> None:
        """Open a file anew."""
        self.transport.reopen()

    def close(self) -> None:
        """Close the file or connection."""
        self._closed = True
        self.transport.close()
