"""How far the alerts agree with those that the source itself raised, as Suricata does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from clan.alerts.alert import Alert
from clan.counted import counted

COLUMN = "source_alert"


@dataclass(slots=True)
class Agreement:
    """Flows that the source alerted on.

    Attributes:
        theirs: Flows that the source alerted on, >= 0.
        both: Those of them that are alerts here, too, >= 0.
    """

    theirs: int = 0
    both: int = 0

    def hear(self, flows: pl.DataFrame) -> None:
        """Count the flows that the source alerted on: those with a `source_alert`, where there is such a column."""
        if COLUMN in flows.columns:
            self.theirs += flows.height - flows[COLUMN].null_count()

    def agree(self, alerts: Sequence[Alert]) -> None:
        """Count the alerts here that are on such flows."""
        self.both += sum(alert.source_alert is not None for alert in alerts)

    def sentence(self, n_alerts: int) -> str:
        """Say it; empty where the source raised no alert.

        Example:
            >>> Agreement(theirs=4, both=3).sentence(10)
            'the source itself alerted on 4 flows: 3 of them among the 10 alerts here'
        """
        if not self.theirs:
            return ""
        here = f"{self.both:,} of them among the {counted(n_alerts, 'alert')} here"
        return f"the source itself alerted on {counted(self.theirs, 'flow')}: {here}"
