"""How a watch goes at one moment: what the terminal, the log and Prometheus are told, from one source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clan.sources import LiveStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetState:
    """Alerts against those that the budget expects, since the model was taken into use.

    Attributes:
        n_flows: Flows that were scored.
        n_alerts: Of these, how many alert.
        expected: Alerts that are expected among as many benign flows.
        interval: Its 95 % prediction interval.
        expected_per_day: False alarms a day that the model was made for, where it knows days.
    """

    n_flows: int
    n_alerts: int
    expected: float
    interval: tuple[int, int]
    expected_per_day: float | None = None

    @property
    def verdict(self) -> str:
        """`within`, `above` or `below` the budget."""
        low, high = self.interval
        return "within" if low <= self.n_alerts <= high else "above" if self.n_alerts > high else "below"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A line of the list of what was found last. Its text is as the source gave it: whoever shows it escapes it.

    Attributes:
        when: In UTC, or None.
        severity: 1 (high) to 4 (marginal).
        what: Who did what to whom.
        why: The reason.
    """

    when: datetime | None
    severity: int
    what: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """How it goes.

    Attributes:
        now: When this was.
        seconds: Since the start.
        source: What is watched.
        model: The model's file.
        model_id: Twelve digits that name it.
        status: What the reader says.
        flows_per_s: Since the last snapshot.
        n_flows: Flows that were scored.
        n_alerts: Flows that alert.
        n_withdrawn: Alerts on early reports that the end of the flow did not confirm.
        severities: Alerts by severity.
        labels: Alerts by name.
        budget: Against what was expected.
        drops: Packets and records that are in no flow, by reason; those above zero.
        p_values: Flows whose p-value is at most each of `P_VALUE_BOUNDS`.
        p_value_sum: Sum of their p-values.
        scoring_s: Seconds spent on scoring.
        memory_bytes: Resident memory.
        sinks: Counters of each sink by its name.
        reloads: How often settings were read anew.
        refused: How often that was refused.
        advice: What should be done about the model, if anything.
        n_found: How much was found in all of what `events` lists the last.
        events: What was found last, newest first.
        messages: Log lines, newest last.
    """

    now: datetime
    seconds: float
    source: str
    model: str
    model_id: str
    status: LiveStatus
    flows_per_s: float
    n_flows: int
    n_alerts: int
    n_withdrawn: int
    severities: Mapping[int, int]
    labels: Mapping[str, int]
    budget: BudgetState
    drops: Mapping[str, int]
    p_values: Sequence[int]
    p_value_sum: float
    scoring_s: float
    memory_bytes: int
    sinks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reloads: int = 0
    refused: int = 0
    advice: str | None = None
    n_found: int = 0
    events: Sequence[Event] = ()
    messages: Sequence[str] = ()


P_VALUE_BOUNDS = (0.0001, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Benign flows have uniform p-values, so a share of about each bound lies below it."""
