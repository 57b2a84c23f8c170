"""What goes on until Ctrl-C on the command line: it ends in good order, and says how it goes."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import polars as pl
from rich.console import Console
from rich.live import Live as Display
from rich.text import Text

from clan.cli.console import LOG_EVERY_S, err
from clan.counted import counted
from clan.flows import compiled_before
from clan.sources import EndlessReader, FollowReader, LiveReader, LiveStatus, NetflowReader


class WatchedLiveReader(LiveReader):
    """A live reader that shows its state, and flushes and ends on SIGINT and SIGTERM."""

    def __init__(self, interfaces: Sequence[str], **how: Any) -> None:
        announce_compiling()
        super().__init__(interfaces, **how)

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flow tables until a signal comes."""
        err.note(f"capturing on {', '.join(f'{s.name} ({s.capture.tool.name})' for s in self.sources)}; Ctrl-C ends it")
        with stopped_by_signals(self), _shown() as self.on_status:
            yield from super().batches()


class WatchedNetflowReader(NetflowReader):
    """A reader of exports that shows its state, and flushes and ends on SIGINT and SIGTERM."""

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flow tables until a signal comes."""
        err.note(f"listening on {', '.join(str(listener.place) for listener in self.listeners)}; Ctrl-C ends it")
        with stopped_by_signals(self), _shown() as self.on_status:
            yield from super().batches()


class WatchedFollowReader(FollowReader):
    """A reader of growing logs that shows its state, and ends on SIGINT and SIGTERM."""

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flow tables until a signal comes."""
        err.note(f"following {', '.join(self.names)}; Ctrl-C ends it")
        with stopped_by_signals(self), _shown() as self.on_status:
            yield from super().batches()


@contextmanager
def stopped_by_signals(reader: EndlessReader) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM end the reading; a second one has its usual meaning."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, before[signal.Signals(number)])
        reader.stop()

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _shown() -> Iterator[Callable[[LiveStatus], None]]:
    """Give where the state is told: one line that changes on a terminal, a line a minute elsewhere."""
    if sys.stderr.isatty():
        with Display(console=Console(stderr=True), transient=True, auto_refresh=False) as display:
            yield lambda status: display.update(Text(line(status)), refresh=True)
        return
    told_at = time.monotonic()

    def log(status: LiveStatus) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= LOG_EVERY_S:
            told_at = time.monotonic()
            err.note(line(status))

    yield log


def announce_compiling() -> None:
    """Say that the packet kernels are compiled now, where they are."""
    if not compiled_before():
        err.note("compiling the packet kernels, once for this version (half a minute)")


def line(status: LiveStatus) -> str:
    """Write the state as one line."""
    dropped = "unknown" if status.kernel_dropped is None else f"{status.kernel_dropped:,}"
    parts = [
        f"{status.packets:,} {status.unit} ({status.packets_per_s:,.0f}/s, {status.bits_per_s / 1e6:,.1f} Mbit/s)",
        f"{counted(status.flows, 'flow')}, {status.open_flows:,} open",
        f"dropped by kernel {dropped}",
    ]
    if status.unit == "packets":
        parts.append(f"sampled out {status.sampled_out:,}")
    if status.one_in > 1:
        parts.append(f"following 1 new flow in {status.one_in:,}")
    if status.behind_s >= 1:
        parts.append(f"behind for {status.behind_s:.0f} s")
    return ", ".join(parts)
