"""What a watch counts of flows and alerts as they pass."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

import numpy as np
import polars as pl

from clan.alerts import Alert, Incident
from clan.alerts.sinks import Event
from clan.watch.snapshot import P_VALUE_BOUNDS
from clan.watch.snapshot import Event as News

MOST_NEWS: Final = 100
"""News of incidents that are kept between two looks."""


class Tally:
    """Counts alerts by severity and p-values by size; a sink and an observer of the pipeline."""

    def __init__(self) -> None:
        self.severities = Counter[int]()
        self._news: deque[News] = deque(maxlen=MOST_NEWS)
        self._n_news = 0
        self.p_values = np.zeros(len(P_VALUE_BOUNDS), np.int64)
        """Flows whose p-value is at most each bound."""
        self.p_value_sum = 0.0

    def observe(self, scored: pl.DataFrame) -> None:
        """Count flows that have ended."""
        p_values = scored["p_value"].to_numpy()
        self.p_values += np.searchsorted(np.sort(p_values), P_VALUE_BOUNDS, side="right")
        self.p_value_sum += float(p_values.sum())

    def emit(self, *events: Event) -> None:
        """Count alerts that go out."""
        self.severities.update(event.severity for event in events if isinstance(event, Alert))

    def tell(self, incident: Incident) -> None:
        """Take up news of an incident: that it began, and, where it grew since, that it ended."""
        if incident.state == "new" or (incident.state == "closed" and incident.n_alerts > 1):
            self._news.append(News.of(incident))
            self._n_news += 1

    def take_news(self) -> tuple[tuple[News, ...], int]:
        """Give the news since this was last asked, the last of them, and how many there were."""
        news, n = tuple(self._news), self._n_news
        self._news.clear()
        self._n_news = 0
        return news, n

    def close(self) -> None:
        """Nothing to release."""
