"""Where log lines go: standard error, a file, and the last of them to the view."""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from typing import Final

from clan.alerts.text import visible
from clan.errors import SinkError
from clan.watch.settings import LogSettings

_LONGEST: Final = 4000
_KEPT: Final = 50


class _Line(logging.Formatter):
    """Time in UTC, level and message on one line, whatever the message holds."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{when} {record.levelname.lower():7} {visible(record.getMessage(), limit=_LONGEST)}"


class _Kept(logging.Handler):
    """Keeps the last lines."""

    def __init__(self, lines: deque[str]) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class Log:
    """The handlers of the logger `clan`; a context manager.

    Args:
        settings: Level and file.
        to_stderr: Whether lines go to standard error.
        louder: Steps that the level goes down (-v), or up where negative (-q).

    Raises:
        SinkError: The file cannot be written.
    """

    def __init__(self, settings: LogSettings, *, to_stderr: bool, louder: int = 0) -> None:
        self.messages: deque[str] = deque(maxlen=_KEPT)
        """The last lines, for the view."""
        self._louder = louder
        self._logger = logging.getLogger("clan")
        self._before = self._logger.level, self._logger.propagate
        self._logger.propagate = False
        self._fixed: list[logging.Handler] = [_Kept(self.messages)]
        if to_stderr:
            self._fixed.append(logging.StreamHandler(sys.stderr))
        self._file: WatchedFileHandler | None = None
        for handler in self._fixed:
            handler.setFormatter(_Line())
            self._logger.addHandler(handler)
        try:
            with self.exchanged(settings):
                pass
        except SinkError:
            self.close()
            raise

    @contextmanager
    def exchanged(self, settings: LogSettings) -> Iterator[None]:
        """Go over to other settings behind the block, the file opened anew, so that it may be renamed before.

        Raises:
            SinkError: The file cannot be written; what was open stays so, as it does where the block fails.
        """
        fresh = None
        if settings.file is not None:
            try:
                fresh = WatchedFileHandler(settings.file, encoding="utf-8")
            except OSError as error:
                raise SinkError(f"cannot write log lines to {settings.file}: {error.strerror or error}") from error
            fresh.setFormatter(_Line())
        try:
            yield
        except BaseException:
            if fresh is not None:
                fresh.close()
            raise
        if fresh is not None:
            self._logger.addHandler(fresh)
        if self._file is not None:
            self._logger.removeHandler(self._file)
            self._file.close()
        self._file = fresh
        level = logging.getLevelNamesMapping()[settings.level.upper()] - 10 * self._louder
        self._logger.setLevel(min(max(level, logging.DEBUG), logging.ERROR))

    def close(self) -> None:
        """Take the handlers away; safe to call twice."""
        for handler in [*self._fixed, *([self._file] if self._file else [])]:
            self._logger.removeHandler(handler)
            handler.close()
        self._fixed, self._file = [], None
        self._logger.setLevel(self._before[0])
        self._logger.propagate = self._before[1]

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
