"""Alerts as lines of a file or of standard output."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO

from clan.alerts.alert import Alert
from clan.alerts.sinks.eve import encode as encode_eve
from clan.errors import SinkError


class FileSink:
    """One line an alert, each written through at once so that a follower sees it.

    The file is opened on construction: a place that cannot be written is known before hours of reading, and a run
    without alerts leaves an empty file rather than none.

    Args:
        path: The file, or ``-`` for standard output.
        encode: Alert to one line without its end.
        append: Whether an existing file is continued instead of replaced.

    Raises:
        SinkError: The file cannot be opened.
    """

    def __init__(self, path: str | Path, *, encode: Callable[[Alert], str] = encode_eve, append: bool = False) -> None:
        self.path, self.encode, self.append = str(path), encode, append
        self._own: IO[str] | None = None
        if self.path == "-":
            return
        try:
            # newline="" keeps one byte sequence on every system; lines are flushed as they end
            mode = "a" if append else "w"
            self._own = Path(path).open(mode, encoding="utf-8", newline="", buffering=1)  # noqa: SIM115 (close() does)
        except OSError as error:
            raise SinkError(f"alerts cannot be written to {self.path}: {error.strerror or error}") from error

    def emit(self, alert: Alert) -> None:
        """Write one alert as one line.

        Raises:
            SinkError: The write failed (disk full, reader gone), or the sink is closed.
        """
        self.write(self.encode(alert))

    def write(self, line: str) -> None:
        """Write a line that is no alert, such as a statistics record, between the alerts.

        Raises:
            SinkError: As `emit`.
        """
        stream = sys.stdout if self.path == "-" else self._own
        if stream is None:
            raise SinkError(f"alerts cannot be written to {self.path}: it is closed")
        try:
            stream.write(line + "\n")
            stream.flush()
        except OSError as error:
            raise SinkError(f"alerts cannot be written to {self.path}: {error.strerror or error}") from error

    def close(self) -> None:
        """Close the file; standard output stays open. Safe to call twice.

        Raises:
            SinkError: The last bytes could not be written.
        """
        own, self._own = self._own, None
        if own is None:
            return
        try:
            own.close()
        except OSError as error:
            raise SinkError(f"alerts could not all be written to {self.path}: {error.strerror or error}") from error

    def __enter__(self) -> FileSink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
