"""What a report tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from clan.alerts.agreement import Agreement
from clan.alerts.alert import Alert
from clan.alerts.incident import Incident


@dataclass(frozen=True, kw_only=True)
class ReportData:
    """Everything that goes into a report; plain fields, nothing is read from elsewhere.

    Attributes:
        title: Heading of the page.
        model: The model's manifest, name to value; nested values are shown as JSON, long ones shortened.
        counters: What was read and what was dropped, name to count.
        scored: All flows with the identity columns, `anomaly_score`, `p_value` and `alert`; other columns are ignored.
        threshold: The score from which flows are alerts.
        alpha: The p-value up to which flows are alerts, in (0, 1).
        expected_alerts: Alerts that the budget expects among as many benign flows, >= 0.
        expected_interval: Its interval, low and high.
        alerts: The alert records, any order.
        alerts_path: Where all alerts were written, for what the page leaves out; None where they were not.
        incidents: The incidents, worst first, or the worst of them; None where alerts were not grouped.
        n_incidents: How many there are.
        labels: How many alerts have which name; empty where the model names nothing.
        holding: Whether the budget holds, in a sentence; empty where that is not known.
        agreement: The flows that the source itself alerted on; None where it raised no alert.
        limits: Further sentences for what the tool cannot tell about this run.
        version: Version of clan.
    """

    title: str
    model: Mapping[str, object]
    counters: Mapping[str, int]
    scored: pl.DataFrame
    threshold: float
    alpha: float
    expected_alerts: float
    expected_interval: tuple[float, float]
    alerts: Sequence[Alert]
    alerts_path: str | None = None
    incidents: Sequence[Incident] | None = None
    n_incidents: int = 0
    labels: Mapping[str, int] = field(default_factory=dict)
    holding: str = ""
    agreement: Agreement | None = None
    limits: Sequence[str] = field(default=())
    version: str = ""
