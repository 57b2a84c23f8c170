"""Ctrl-C that waits for a good moment."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from clan.cli import INTERRUPTED
from clan.cli.console import err


class Interrupt:
    """An interrupt that is held back until somebody asks for it.

    Attributes:
        obeyed: Whether there was one and somebody was told so: what was under way has been cut short.
    """

    def __init__(self) -> None:
        self.obeyed = self._waiting = False

    def asked(self) -> bool:
        """Tell whether there was an interrupt since this was last asked."""
        was, self._waiting = self._waiting, False
        self.obeyed |= was
        return was

    def hold(self, _number: int, _frame: FrameType | None) -> None:
        """Take the signal.

        Raises:
            SystemExit: The one before still waits. It is no KeyboardInterrupt, at which training keeps what it has.
        """
        if self._waiting:
            raise SystemExit(INTERRUPTED)
        self._waiting = True
        err.note("stopping after this epoch, the best model so far is kept; Ctrl-C again to give up")


@contextmanager
def first_interrupt() -> Iterator[Interrupt]:
    """Hold back an interrupt until it is asked for; a second one before that ends the program at once.

    Yields:
        What tells whether there was one.
    """
    interrupt = Interrupt()
    before = signal.signal(signal.SIGINT, interrupt.hold)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
