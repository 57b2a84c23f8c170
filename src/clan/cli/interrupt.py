"""Ctrl-C that waits for a good moment."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from clan.cli.console import err


@contextmanager
def first_interrupt() -> Iterator[Callable[[], bool]]:
    """Hold back an interrupt until it is asked for; a second one before that goes through at once.

    Yields:
        Tells whether there was an interrupt since it was last asked.
    """
    waiting = False

    def hold(_number: int, _frame: FrameType | None) -> None:
        nonlocal waiting
        if waiting:
            raise KeyboardInterrupt
        waiting = True
        err.note("stopping after this epoch, the best model so far is kept; Ctrl-C again to give up")

    def asked() -> bool:
        nonlocal waiting
        was, waiting = waiting, False
        return was

    before = signal.signal(signal.SIGINT, hold)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
