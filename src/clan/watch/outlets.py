"""The sinks of a watch: told as one, each on its own, exchanged while the watch goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from clan.alerts import Alert, open_sink
from clan.alerts.sinks import EncodingSink, Event, encoding_of
from clan.errors import ClanError, SinkError
from clan.watch.sink_table import SinkTable

_logger = logging.getLogger(__name__)
_TEXT = encoding_of("text")


class Outlets:
    """Takes events and hands them to every sink; one that fails is counted and said, and the others go on.

    Args:
        tables: The sinks.

    Raises:
        ClanError: One of them cannot be opened; none is then.
    """

    name = "outlets"

    def __init__(self, tables: Sequence[SinkTable]) -> None:
        self._open: dict[SinkTable, EncodingSink] = {}
        self._said: dict[str, str] = {}
        with self.exchanged(tables):
            pass

    @contextmanager
    def exchanged(self, tables: Sequence[SinkTable]) -> Iterator[None]:
        """Go over to other sinks: what is new is opened before the block, what is gone is closed behind it.

        What stays opens its files anew. Where a sink cannot be opened, or the block fails, everything stays as it was.

        Raises:
            ClanError: A new one cannot be opened.
        """
        gone = {table: sink for table, sink in self._open.items() if table not in tables}
        fresh: dict[SinkTable, EncodingSink] = {}
        closed: list[SinkTable] = []
        try:
            for table in tables:
                if table not in self._open:
                    # a sink with other options and the same spool waits until the old one has closed it
                    for old, sink in gone.items():
                        if old.settings.name == table.settings.name:
                            closed.append(old)
                            sink.close()
                    fresh[table] = open_sink(table.settings, tell=_logger.warning)
            yield
        except BaseException:
            for sink in fresh.values():
                sink.close()
            for old in closed:
                self._open_again(old)
            raise
        for table, sink in self._open.items():
            if table in gone:
                sink.close()
            else:
                sink.reopen()
        self._open = {table: fresh.get(table) or self._open[table] for table in tables}

    def _open_again(self, table: SinkTable) -> None:
        """Open a sink that was closed for another; while that is not possible, it counts what it is given as lost."""
        try:
            self._open[table] = open_sink(table.settings, tell=_logger.warning)
        except ClanError as error:
            _logger.error("sink %s cannot be opened again: %s", table.settings.name, error)

    def emit(self, *events: Event) -> None:
        """Hand events to every sink; alerts are lines of the log too, where it is told everything (`-v`)."""
        if _logger.isEnabledFor(logging.DEBUG):
            for alert in events:
                if isinstance(alert, Alert):
                    _logger.debug("%s", _TEXT.encode(alert).decode())
        for sink in self._open.values():
            try:
                sink.emit(*events)
            except SinkError as error:
                if self._said.get(sink.name) != str(error):
                    self._said[sink.name] = str(error)
                    _logger.error("sink %s: %s", sink.name, error)

    def counters(self) -> dict[str, dict[str, Any]]:
        """Give what became of the events, by sink."""
        return {sink.name: sink.counters() for sink in self._open.values()}

    def close(self) -> None:
        """Deliver what is held back, within bounds; safe to call twice."""
        for sink in self._open.values():
            sink.close()
