"""Short words for how it goes, for a line of a log as for a screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clan.alerts.quantity import count
from clan.counted import counted
from clan.drift import HoldingState
from clan.sources import told
from clan.watch.snapshot import Snapshot, TriageState


def span(seconds: float) -> str:
    """Write a length of time.

    Example:
        >>> span(42), span(3723), span(200_000)
        ('42 s', '1:02:03', '2 d 7 h')
    """
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 2 * 86_400:
        return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{whole // 86_400} d {whole // 3600 % 24} h"


def memory(n_bytes: int) -> str:
    """Write an amount of memory.

    Example:
        >>> memory(412_000_000), memory(2_500_000_000)
        ('412 MB', '2.5 GB')
    """
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"


def budget(snapshot: Snapshot) -> str:
    """Write alerts against the budget."""
    state, per_day = snapshot.holding, snapshot.expected_per_day
    (low, high), (least, most) = state.interval, state.rate_interval
    verdict = {"too early": "too early to judge", "holding": "holding"}.get(
        state.verdict, f"{state.verdict} the budget"
    )
    return (
        f"{counted(state.n_alerts, 'alert')} in {counted(state.n_flows, 'flow')}, "
        f"{count(state.expected)} expected ({low:,} to {high:,}): {verdict}; "
        f"rate {state.rate:.3%} ({least:.3%} to {most:.3%})"
        + ("" if per_day is None else f", made for {count(per_day)} a day")
    )


def advice(state: HoldingState) -> str | None:
    """Write what should be done about the model, and then why; None where nothing should."""
    if state.advice == "none":
        return None
    _, *why, what = state.sentence.split("; ")  # the first part is what `budget` says
    return "; ".join([f"{state.advice}: {what}", *why])


def traffic(snapshot: Snapshot) -> str:
    """Write what comes in."""
    status = snapshot.status
    parts = [
        f"{counted(snapshot.n_flows, 'flow')} ({snapshot.flows_per_s:,.0f}/s, {status.open_flows:,} open)",
        f"{counted(status.packets, status.unit.removesuffix('s'))} ({status.packets_per_s:,.0f}/s"
        + (f", {status.bits_per_s / 1e6:,.1f} Mbit/s)" if status.bits_per_s else ")"),
    ]
    return ", ".join(parts)


def drops(snapshot: Snapshot) -> str:
    """Write what is in no flow, and whether new flows are passed over."""
    status = snapshot.status
    parts = [_short(told(reason, n)) for reason, n in snapshot.drops.items()]
    if status.kernel_dropped is None:
        parts.append("what the kernel dropped is not known yet")
    text = "; ".join(parts) or "nothing dropped"
    if status.one_in > 1:
        text += f"; following 1 new flow in {status.one_in:,}"
    return text + (f"; behind for {status.behind_s:.0f} s" if status.behind_s >= 1 else "")


def _short(reason: str) -> str:
    """Leave out of a reason what explains it further."""
    return reason.partition(" (")[0].partition(" because ")[0]


def sink(name: str, counters: Mapping[str, Any]) -> str:
    """Write the state of a sink."""
    lost = sum(counters.get("dropped", {}).values())
    parts = [f"{name}: {counters.get('sent', 0):,} sent"]
    parts += [f"{counters[key]:,} {key}" for key in ("spooled", "retried") if counters.get(key)]
    parts += [f"{lost:,} lost"] if lost else []
    return ", ".join(parts)


def triage(state: TriageState) -> str:
    """Write what became of alerts before they went out."""
    parts = [f"{counted(state.n_incidents, 'incident')} ({state.n_open:,} open)"]
    for n, noun, what in (
        (state.n_hidden, "alert", "hidden by suppressions"),
        (state.n_limited, "alert", "over the limit of their host"),
        (state.n_evicted, "incident", "closed early"),
    ):
        parts += [f"{counted(n, noun)} {what}"] if n else []
    if state.stored is not None:
        parts.append(f"{counted(state.stored, 'alert')} stored ({memory(state.store_bytes)})")
        parts += [f"{state.waiting:,} wait for the disk"] if state.waiting else []
        parts += [f"{state.lost:,} lost"] if state.lost else []
    return ", ".join(parts) + (f"; {state.problem}" if state.problem else "")


def line(snapshot: Snapshot) -> str:
    """Write all of it as one line of a log."""
    parts = [
        traffic(snapshot),
        budget(snapshot),
        triage(snapshot.triage),
        drops(snapshot),
        f"memory {memory(snapshot.memory_bytes)}",
    ]
    parts += [sink(name, counters) for name, counters in snapshot.sinks.items()]
    advised = advice(snapshot.holding)
    parts += [advised] if advised else []
    return "; ".join(parts)
