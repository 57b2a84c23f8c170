"""From a flow to what is remembered of an entity."""

from __future__ import annotations

from typing import Any, Final

from clan.context.memory import MOST_BYTES, N_WINDOWS
from clan.context.rows import Rows
from clan.flows.jit import Int, kernel
from clan.schema.context_group import LAST_FLOWS

_MIDDLE: Final = 1
_LONG: Final = 2


@kernel
def distinct(counts: Any, factors: Any, seen: Any) -> None:
    """Count something once, at the time when it was seen last.

    A sum over all that was seen of what each counts now is kept without going through them: what it counted until now
    is taken out, and 1 put in.

    Args:
        counts: What is kept, as of the entity's latest flow before this one.
        factors: What a flow of that time counts now.
        seen: What this thing counts now; 0 where it was not seen.
    """
    for window in range(N_WINDOWS):
        counts[window] = max(counts[window] * factors[window] - seen[window], 0.0) + 1.0


@kernel
def absorb(record: Any, factors: Any, awake: bool, rows: Rows, i: Int) -> None:
    """Add a flow to an entity; `factors` is what a flow at the time of its latest counts now."""
    f_middle, f_long = factors[_MIDDLE], factors[_LONG]
    for window in range(N_WINDOWS):
        record.flows[window] = record.flows[window] * factors[window] + 1.0
    known, failed = rows.answered[i] >= 0, rows.answered[i] == 0
    refused = known and rows.refused[i] == 1
    record.answerable = record.answerable * f_middle + known
    record.unanswered = record.unanswered * f_middle + failed
    record.failed = record.failed * f_long + (failed or refused)
    record.succeeded = record.succeeded * f_long + (known and not failed and not refused)
    record.flagged = record.flagged * f_long + (rows.reset[i] >= 0)
    record.reset = record.reset * f_long + (rows.reset[i] == 1)
    record.sized = record.sized * f_middle + (rows.tiny[i] >= 0)
    record.tiny = record.tiny * f_middle + (rows.tiny[i] == 1)
    record.bytes_out = record.bytes_out * f_long + max(rows.bytes_out[i], 0)
    record.bytes_in = record.bytes_in * f_long + max(rows.bytes_in[i], 0)
    _absorb_gap(record, f_long, awake, min(rows.start[i], rows.end[i]))
    _absorb_last(record, rows, i)


@kernel
def _absorb_gap(record: Any, factor: Any, awake: bool, start: Int) -> None:
    """Add the time from the latest start to this one; a flow that began before it has none."""
    if not awake:
        record.n_last = 0
    gap_us = start - record.start
    has_gap = record.n_last > 0 and gap_us >= 0
    gap = gap_us / 1e6 if has_gap else 0.0
    record.gaps = record.gaps * factor + has_gap
    record.gap_sum = record.gap_sum * factor + gap
    record.gap_square = record.gap_square * factor + gap * gap
    if record.n_last == 0 or has_gap:
        record.start = start


@kernel
def _absorb_last(record: Any, rows: Rows, i: Int) -> None:
    """Put a flow's sizes among the last ones."""
    place = record.n_last % LAST_FLOWS
    record.out_last[place] = min(rows.bytes_out[i], MOST_BYTES)
    record.in_last[place] = min(rows.bytes_in[i], MOST_BYTES)
    record.n_last += 1
