"""Snapshots of watches that never were."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from clan.drift import HoldingState
from clan.sources import LiveStatus
from clan.watch.snapshot import Event, Snapshot, TriageState

STATUS = LiveStatus(
    seconds=3723.0, packets=1_234_567, packets_per_s=5000.4, bits_per_s=4e7, flows=12_345, open_flows=300,
    kernel_dropped=7, sampled_out=0, one_in=1, behind_s=0.0, counts={"packets": 1_234_567, "kernel_dropped_packets": 7},
)  # fmt: skip
HOLDING = HoldingState(
    n_flows=12_345, n_alerts=14, expected=12.3, interval=(6, 20), rate=0.0011, rate_interval=(0.0005, 0.002),
    expected_rate_interval=(0.0008, 0.0012), verdict="holding", log10_e=0.1, since=0, n_flows_since=12_345,
    n_alerts_since=14, score_since=0, score_drift=0.01, score_log10_e=0.0, scores_moved=False, n_features=75, n_moved=0,
    moved=(), hosts=(("10.0.0.1", 0.5),), concentrated=False, passed=False, learnt_from=False, advice="none",
)  # fmt: skip
RECALIBRATE = replace(HOLDING, verdict="above", advice="recalibrate", scores_moved=True, score_drift=0.4)
EVIL = "\x1b[2J\x1b]0;owned\x07\n\u202e[bold red]\x9b31m"
"""Text that would clear the screen, name the window, break the line, turn the writing round and be markup."""


def snapshot(**changes: Any) -> Snapshot:
    """A watch of an hour, with some things changed."""
    usual = Snapshot(
        now=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        seconds=3723.0,
        source="eth0",
        model="office.clan",
        model_id="c003723a6cd0",
        status=STATUS,
        flows_per_s=12.3,
        n_flows=12_345,
        n_alerts=14,
        n_withdrawn=1,
        severities={1: 2, 4: 12},
        labels={"port_scan": 3},
        holding=HOLDING,
        expected_per_day=10.0,
        drops={"kernel_dropped_packets": 7},
        p_values=[0, 3, 14, 600, 1200, 3000, 6000, 9000, 12_345],
        p_value_sum=6100.5,
        scoring_s=1.25,
        memory_bytes=412_000_000,
        sinks={"file": {"emitted": 14, "sent": 14, "retried": 0, "spooled": 0, "dropped": {}}},
        triage=TriageState(n_incidents=3, n_open=2, n_hidden=4, stored=18, store_bytes=65_536),
        events=(event(),),
        messages=("2026-01-02T03:04:05Z info    watching eth0",),
    )
    return replace(usual, **changes)


def event(**changes: Any) -> Event:
    """Something that was found."""
    usual = Event(
        incident_id="0123456789ab",
        when=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        severity=1,
        state="new",
        what="10.0.0.1 to 10.0.0.2: 3 TCP flows, port 80",
        why="idle_max",
    )
    return replace(usual, **changes)
