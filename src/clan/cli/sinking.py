"""Sinks on the command line: opened, reopened on SIGHUP, and told about."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from clan.cli.console import err

if TYPE_CHECKING:
    from clan.alerts.sinks import DirectSink, EncodingSink, SinkSettings


def settings_of(urls: Sequence[str] | None, *, annotate: bool = False) -> list[SinkSettings]:
    """Read the sinks that the command line names.

    Raises:
        ConfigError: One of them cannot be, or two have the same name.
    """
    from clan.alerts.sinks import SinkSettings
    from clan.errors import ConfigError

    if urls and annotate:
        raise ConfigError("--annotate writes records on and no alerts: --sink has nothing to take")
    found = [SinkSettings.from_url(url) for url in urls or []]
    names = [settings.name for settings in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ConfigError(f"two sinks are called {', '.join(sorted(twice))}; one is enough, or give them a name=...")
    return found


def open_output(path: str, *, append: bool = False) -> DirectSink:
    """Open the file that the alerts of a run go to, as EVE lines; `-` is standard output.

    Args:
        path: The file.
        append: Whether what is there stays.

    Raises:
        SinkError: It cannot be opened.
    """
    from clan.alerts.sinks import DirectSink, encoding_of
    from clan.alerts.sinks.transports.file import FileTransport, Options

    # min_free=0: where the result of the run cannot be written the run fails, and not before
    return DirectSink(encoding_of("eve"), FileTransport(path, Options(append=append, min_free=0)))


def open_places(
    output: str | None, settings: Sequence[SinkSettings], stack: ExitStack, *, endless: bool
) -> tuple[DirectSink | None, list[EncodingSink]]:
    """Open all places that alerts go to; they are closed with the stack.

    Args:
        output: The file of the run, if there is one.
        settings: The sinks.
        stack: What closes them.
        endless: Whether the run goes on until somebody ends it: its file is continued, for what it read before comes no
            second time, and SIGHUP has the files opened anew.

    Returns:
        The file of the run, and all of them with it in front.

    Raises:
        ClanError: One of them cannot be opened.
    """
    from clan.alerts.sinks import open_sink

    written = None if output is None else stack.enter_context(open_output(output, append=endless))
    sinks: list[EncodingSink] = [] if written is None else [written]
    sinks += [stack.enter_context(open_sink(each, tell=err.warning)) for each in settings]
    if endless:
        stack.enter_context(reopened_by_hangup(sinks))
    return written, sinks


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """Take it for no failure of a sink where whoever reads standard output has seen enough: see `clan.cli.main`.

    Raises:
        BrokenPipeError: That is so.
    """
    from clan.errors import SinkError

    try:
        yield
    except SinkError as error:
        if isinstance(error.__cause__, BrokenPipeError) and str(error).startswith("alerts cannot be written to -:"):
            raise error.__cause__ from None
        raise


@contextmanager
def reopened_by_hangup(sinks: Sequence[EncodingSink]) -> Iterator[None]:
    """Let SIGHUP have every file opened anew, as logrotate wants it."""

    def reopen(_: int, __: FrameType | None) -> None:
        for sink in sinks:
            sink.reopen()

    before = signal.signal(signal.SIGHUP, reopen)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def account_of_sinks(sinks: Sequence[EncodingSink]) -> dict[str, Any]:
    """Give what became of the alerts by sink, as JSON values; nothing where there is no sink."""
    from clan.alerts.sinks import counters_of

    counters = counters_of(sinks)
    return {"sinks": counters} if counters else {}


def tell_sinks(counters: Mapping[str, Mapping[str, Any]], *, quiet: bool) -> None:
    """Say what became of the alerts, once the sinks are closed; losses are told even to who wants quiet."""
    for name, count in counters.items():
        dropped, waiting = sum(count["dropped"].values()), count["spooled"]
        line = f"sink {name}: {count['sent']:,} sent, {count['retried']:,} retried, {waiting:,} left in its spool"
        if dropped:
            why = ", ".join(f"{n:,} {reason}" for reason, n in sorted(count["dropped"].items()))
            line += f", {dropped:,} dropped ({why})"
        if waiting:
            line += "; the next run with this sink sends them"
        if count.get("last_error") and (waiting or dropped):
            line += f"; last error: {count['last_error']}"
        if dropped or waiting:
            err.warning(line)
        elif not quiet:
            err.note(line)
