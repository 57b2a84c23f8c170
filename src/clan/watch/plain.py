"""How a watch goes, in a log: a line for each incident as it begins and ends, and one a minute."""

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

    def update(self, snapshot: Snapshot) -> None:
        """Write what is new."""
        for event in snapshot.news[-MOST_A_TURN:]:
            why = f" ({event.why})" if event.why and event.state == "new" else ""
            state = "ended" if event.state == "closed" else event.state
            _logger.info(
                "incident %s %s, %s: %s%s", event.incident_id, state, SEVERITIES[event.severity], event.what, why
            )
        if snapshot.n_news > MOST_A_TURN:
            _logger.info("and %s more", f"{snapshot.n_news - MOST_A_TURN:,}")
        if self._clock() >= self._due or snapshot.status.ended:
            self._due = self._clock() + self._every_s
            _logger.info("%s", words.line(snapshot))
