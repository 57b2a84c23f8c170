"""What goes to standard error: messages, progress, warnings. Data go to standard output, and never through here."""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from clan.alerts.text import visible
from clan.errors import ClanWarning

_MAX_MESSAGE = 4000
_WIDE = 160
"""Columns of a table where no terminal sets a width: in a log file nothing need be cut short."""
LOG_EVERY_S = 60.0
"""How often it is logged how things go where standard error is no terminal."""


class _Err:
    """Standard error, made anew for each use so that it follows redirection."""

    def _console(self) -> Console:
        return Console(stderr=True, highlight=False, soft_wrap=True)

    def note(self, message: str) -> None:
        """Say something."""
        self._console().print(Text(visible(message, limit=_MAX_MESSAGE)))

    def warning(self, message: str) -> None:
        """Say something that should be known."""
        self._console().print(Text("warning: ", style="yellow"), Text(visible(message, limit=_MAX_MESSAGE)), sep="")

    def error(self, message: str) -> None:
        """Say why the run failed."""
        self._console().print(Text("error: ", style="bold red"), Text(visible(message, limit=_MAX_MESSAGE)), sep="")

    def show(self, renderable: RenderableType) -> None:
        """Show a table; its text must have been made safe already."""
        console = Console(stderr=True, highlight=False)
        if not console.is_terminal:
            console.width = max(console.width, _WIDE)
        console.print(renderable)

    def is_terminal(self) -> bool:
        """Whether somebody looks on."""
        return self._console().is_terminal

    def progress(self) -> Progress:
        """Make a progress bar that is shown on a terminal only."""
        console = Console(stderr=True)
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )


err = _Err()


class ProgressLines:
    """How long work goes, for where standard error is no terminal: a line as a stage begins, and then one a minute.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stage: str | None = None
        self._told_at = 0.0

    def update(self, stage: str, share: float) -> None:
        """Say where the work is, if it is time to.

        Args:
            stage: What is being done.
            share: Of all the work, what is done; in [0, 1].
        """
        if stage != self._stage or self._clock() - self._told_at >= LOG_EVERY_S:
            self._stage, self._told_at = stage, self._clock()
            err.note(f"{stage}, {share:.0%} done")


def show(renderable: RenderableType) -> None:
    """Show a table on standard output; its text must have been made safe already."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _WIDE)
    console.print(renderable)


def write_json(value: Any) -> None:
    """Write one JSON object as a line on standard output."""
    sys.stdout.write(json.dumps(value, default=str) + "\n")


@contextmanager
def show_warnings() -> Iterator[None]:
    """Show clan's own warnings as messages; others keep Python's form."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", ClanWarning)
        before = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *rest: Any) -> None:
            if issubclass(category, ClanWarning):
                err.warning(str(message))
            else:
                before(message, category, *rest)

        warnings.showwarning = show  # type: ignore[assignment]  # the hook's documented use
        yield
