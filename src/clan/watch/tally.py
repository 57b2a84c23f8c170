"""What a watch counts of flows and alerts as they pass."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

import numpy as np
import polars as pl

from clan.alerts import Alert, Incident
from clan.alerts.sinks import Event
from clan.monitor import LoadedModel
from clan.watch.snapshot import P_VALUE_BOUNDS, BudgetState
from clan.watch.snapshot import Event as News

MOST_NEWS: Final = 100
"""News of incidents that are kept between two looks."""


class Tally:
    """Counts alerts by severity and p-values by size; a sink and an observer of the pipeline.

    Args:
        model: The model in use.
    """

    def __init__(self, model: LoadedModel) -> None:
        self.severities = Counter[int]()
        self._news: deque[News] = deque(maxlen=MOST_NEWS)
        self._n_news = 0
        self.p_values = np.zeros(len(P_VALUE_BOUNDS), np.int64)
        """Flows whose p-value is at most each bound."""
        self.p_value_sum = 0.0
        self.use(model)

    def use(self, model: LoadedModel) -> None:
        """Count alerts against the budget of another model from now on."""
        self._calibration = model.detector.calibration_
        self._n_flows = self._n_alerts = 0

    def observe(self, scored: pl.DataFrame) -> None:
        """Count flows that have ended."""
        p_values = scored["p_value"].to_numpy()
        self.p_values += np.searchsorted(np.sort(p_values), P_VALUE_BOUNDS, side="right")
        self.p_value_sum += float(p_values.sum())
        self._n_flows += scored.height
        self._n_alerts += int(scored["alert"].sum())

    def emit(self, alert: Event, /) -> None:
        """Count an alert that goes out."""
        if isinstance(alert, Alert):
            self.severities[alert.severity] += 1

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

    @property
    def budget(self) -> BudgetState:
        """Alerts against those that the model in use expects."""
        return BudgetState(
            n_flows=self._n_flows,
            n_alerts=self._n_alerts,
            expected=self._calibration.expected_fpr * self._n_flows,
            interval=self._calibration.prediction_interval(self._n_flows),
            expected_per_day=self._calibration.expected_alerts_per_day,
        )

    def close(self) -> None:
        """Nothing to release."""
