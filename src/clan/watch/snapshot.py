"""How a watch goes at one moment: what the terminal, the log and Prometheus are told, from one source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from clan.alerts import Incident, Triage
from clan.drift import HoldingState
from clan.sources import LiveStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """An incident as a line. Its text is as the source gave it: whoever shows it escapes it.

    Attributes:
        incident_id: What other commands call it.
        when: When it was last seen, in UTC, or None.
        severity: 1 (high) to 4 (marginal).
        state: `new`, `update` while it grows, or `closed`.
        what: Who did what to whom.
        why: The feature that its alerts name first, or nothing.
    """

    incident_id: str
    when: datetime | None
    severity: int
    state: str
    what: str
    why: str

    @classmethod
    def of(cls, incident: Incident) -> Self:
        """Make a line of an incident."""
        return cls(
            incident_id=incident.incident_id,
            when=incident.last_seen,
            severity=incident.severity,
            state=incident.state,
            what=incident.sentence,
            why=incident.reasons[0] if incident.reasons else "",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class TriageState:
    """What became of alerts before they went out.

    Attributes:
        n_incidents: Incidents so far.
        n_open: Of these, how many may still grow.
        n_evicted: Incidents that were closed early, because too many were open.
        n_hidden: Alerts that a suppression hid.
        n_limited: Alerts over the limit of their host.
        stored: Alerts that were committed to the store; None without one.
        waiting: Alerts and incidents that wait for room on the disk.
        lost: Those that were given up.
        store_bytes: Size of the store.
        problem: What is wrong with the store or a file of suppressions, or None.
    """

    n_incidents: int = 0
    n_open: int = 0
    n_evicted: int = 0
    n_hidden: int = 0
    n_limited: int = 0
    stored: int | None = None
    waiting: int = 0
    lost: int = 0
    store_bytes: int = 0
    problem: str | None = None

    @classmethod
    def of(cls, triage: Triage) -> Self:
        """Look at a triage."""
        tracker, store, suppressions = triage.incidents, triage.store, triage.suppressions
        state = cls(n_hidden=triage.n_hidden, n_limited=triage.n_limited)
        if tracker is not None:
            state = replace(state, n_incidents=tracker.n_incidents, n_open=tracker.n_open, n_evicted=tracker.n_evicted)
        if store is not None:
            state = replace(
                state, stored=store.n_stored, waiting=store.n_waiting, lost=store.n_lost, store_bytes=store.n_bytes
            )
        problems = [None if store is None else store.failure, None if suppressions is None else suppressions.problem]
        return replace(state, problem="; ".join(each for each in problems if each) or None)


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
        holding: Whether the budget of the model in use holds, and what has moved.
        expected_per_day: False alarms a day that the model was made for, where it knows days.
        drops: Packets and records that are in no flow, by reason; those above zero.
        p_values: Flows whose p-value is at most each of `P_VALUE_BOUNDS`.
        p_value_sum: Sum of their p-values.
        scoring_s: Seconds spent on scoring.
        memory_bytes: Resident memory.
        sinks: Counters of each sink by its name.
        recalibrations: How often the threshold was set anew.
        recalibrations_refused: How often that was refused.
        reloads: How often settings were read anew.
        refused: How often that was refused.
        triage: What became of alerts before they went out.
        events: The incidents that were told last, newest first.
        news: Records of incidents since the last snapshot, oldest first; the last of them where they are many.
        n_news: How many there were.
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
    holding: HoldingState
    expected_per_day: float | None
    drops: Mapping[str, int]
    p_values: Sequence[int]
    p_value_sum: float
    scoring_s: float
    memory_bytes: int
    sinks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    recalibrations: int = 0
    recalibrations_refused: int = 0
    reloads: int = 0
    refused: int = 0
    triage: TriageState = field(default_factory=TriageState)
    events: Sequence[Event] = ()
    news: Sequence[Event] = ()
    n_news: int = 0
    messages: Sequence[str] = ()


P_VALUE_BOUNDS = (0.0001, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Benign flows have uniform p-values, so a share of about each bound lies below it."""
