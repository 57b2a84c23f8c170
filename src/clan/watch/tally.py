"""What a watch counts of flows and alerts as they pass."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

import numpy as np
import polars as pl

from clan.alerts import Alert
from clan.alerts.summary import endpoint, name_of
from clan.monitor import LoadedModel
from clan.watch.snapshot import P_VALUE_BOUNDS, BudgetState, Event

MOST_EVENTS: Final = 200
"""What was found last is kept for the view, so many."""


class Tally:
    """Counts alerts by severity and p-values by size; a sink and an observer of the pipeline.

    Args:
        model: The model in use.
    """

    def __init__(self, model: LoadedModel) -> None:
        self.severities = Counter[int]()
        self.n_found = 0
        self.events: deque[Event] = deque(maxlen=MOST_EVENTS)
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

    def emit(self, alert: Alert) -> None:
        """Count an alert."""
        self.n_found += 1
        self.severities[alert.severity] += 1
        what = f"{endpoint(alert.src_ip, alert.src_port)} > {endpoint(alert.dst_ip, alert.dst_port)}"
        named = name_of(alert)
        self.events.appendleft(
            Event(
                when=alert.timestamp,
                severity=alert.severity,
                what=f"{what} {alert.transport or '?'}{f' {named}' if named else ''}",
                why=alert.reasons[0].sentence if alert.reasons else "",
            )
        )

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
