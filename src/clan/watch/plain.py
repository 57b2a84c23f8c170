"""How a watch goes, in a log: a line for everything that was found, and one a minute."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from clan.alerts import SEVERITIES
from clan.watch import words
from clan.watch.snapshot import Snapshot

_logger = logging.getLogger(__name__)
MOST_A_TURN = 20
"""Lines on what was found that are written at a time; how many there were besides is said."""


class PlainLog:
    """Writes log lines.

    Args:
        every_s: How often a line says how it goes.
        clock: Seconds that only go forward.
    """

    def __init__(self, every_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_s, self._clock = every_s, clock
        self._due = clock() + every_s
        self._told = 0  # alerts that lines were written on, or that were said to be more

    def update(self, snapshot: Snapshot) -> None:
        """Write what is new."""
        new = snapshot.n_found - self._told
        self._told = snapshot.n_found
        if new > 0:
            shown = list(snapshot.events[: min(new, MOST_A_TURN)])
            for event in reversed(shown):
                _logger.info("%s: %s  %s", SEVERITIES[event.severity], event.what, event.why)
            if new > len(shown):
                _logger.info("and %s more", f"{new - len(shown):,}")
        if self._clock() >= self._due:
            self._due = self._clock() + self._every_s
            _logger.info("%s", words.line(snapshot))
