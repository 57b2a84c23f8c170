"""`clan watch`: detect without end, from one configuration, as a service does."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from clan.cli.console import err
from clan.cli.options import Config, Set
from clan.cli.sinking import tell_sinks
from clan.cli.triaging import tell_triage

if TYPE_CHECKING:
    from clan.watch import Document, Watch

_logger = logging.getLogger(__name__)


def command(
    config: Config = None,
    assignments: Set = None,
    read: Annotated[
        list[str] | None,
        typer.Option(
            "-r",
            "--read",
            metavar="PATH",
            help="Read these files to their end in place of the source of the configuration, for trying it out; "
            "repeatable.",
            show_default=False,
        ),
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Log lines also on a terminal.")] = False,
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True, help="A log line for each alert too.")] = 0,
    quiet: Annotated[int, typer.Option("-q", "--quiet", count=True, help="Fewer log lines; -qq only errors.")] = 0,
) -> None:
    """Watch interfaces, logs or exporters until Ctrl-C, as a configuration says.

    SIGHUP and SIGUSR2 read model and settings anew; SIGINT and SIGTERM flush and end.
    """
    from clan.cli.config import document_of, settings_of
    from clan.cli.live import announce_compiling
    from clan.watch import Log, Notifier, PlainLog, TerminalView, Watch

    def document() -> Document:
        written = document_of(config, assignments)
        return written.replaced("source", {"read": [str(Path(path).absolute()) for path in read]}) if read else written

    settings = settings_of(document())
    shown = sys.stderr.isatty() and not plain and not settings.view.plain
    with ExitStack() as stack:
        log = stack.enter_context(Log(settings.log, to_stderr=not shown, louder=verbose - quiet))
        notifier = Notifier()
        stack.callback(notifier.close)
        if settings.source.interfaces or settings.source.read:
            announce_compiling()
        watch = stack.enter_context(Watch(settings, reread=lambda: settings_of(document()), log=log, notifier=notifier))
        if shown:
            from rich.console import Console

            watch.observers.append(stack.enter_context(TerminalView(Console(stderr=True))))
        else:
            watch.observers.append(PlainLog(settings.view.log_every_s))
        stack.enter_context(_signals(watch))
        watch.run()
    if not quiet:
        _tell(watch)
    tell_sinks(watch.outlets.counters(), quiet=quiet > 0)


@contextmanager
def _signals(watch: Watch) -> Iterator[None]:
    """Let signals end the watch or make it read its settings anew; a second one to end has its usual meaning."""
    ending, reloading = (signal.SIGINT, signal.SIGTERM), (signal.SIGHUP, signal.SIGUSR2)
    before = {number: signal.getsignal(number) for number in (*ending, *reloading)}

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, before[signal.Signals(number)])
        watch.stop()

    def reload(_number: int, _frame: FrameType | None) -> None:
        watch.reload()

    for number in ending:
        signal.signal(number, stop)
    for number in reloading:
        signal.signal(number, reload)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(watch: Watch) -> None:
    """Say what was read and what was found."""
    from clan.cli.reading import tell

    tell(watch.reader.report)
    tell_triage(watch.triage)
    err.note(watch.monitor.holding.state().sentence)
    if unknown := watch.monitor.unknown.sentence:
        err.warning(unknown)
