"""From what is remembered of an entity to its columns."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.context.memory import MOST_BYTES, N_WINDOWS
from clan.context.rows import Rows
from clan.flows.jit import Int, kernel
from clan.schema.context_group import LAST_FLOWS

_MIDDLE: Final = 1
_LONG: Final = 2
_NAN: Final = np.nan
NEAR_BYTES: Final = 8
NEAR_SHARE: Final = 50
"""Bytes within a fiftieth, or within `NEAR_BYTES`, count as the same size."""


@kernel
def emit_nothing(out: Any, i: Int) -> None:
    """Write null everywhere: the flow's hosts or times are unknown."""
    for column in range(out.shape[0]):
        out[column, i] = _NAN


@kernel
def emit_ports(record: Any, factors: Any, i: Int, out: Any, at: Int) -> None:
    """Write how many ports were seen, in each window."""
    for window in range(N_WINDOWS):
        out[at + window, i] = record.ports[window] * factors[window]


@kernel
def emit_new(told: bool, is_new: bool, i: Int, out: Any, at: Int) -> None:
    """Write whether something is new; null while not enough of the stream was seen to tell."""
    out[at, i] = (1.0 if is_new else 0.0) if told else _NAN


@kernel
def emit(record: Any, factors: Any, awake: bool, rows: Rows, i: Int, out: Any, at: Int) -> None:
    """Write the columns of one entity, in the order of the schema.

    Args:
        record: An `ENTITY`; the empty one for an entity that was not seen.
        factors: What a flow at the time of its latest counts now.
        awake: Whether that is less than the horizon ago.
        rows: Flows.
        i: The flow that it is for.
        out: The features, `(n_features, n)`.
        at: The entity's first column.
    """
    for window in range(N_WINDOWS):
        out[at + window, i] = record.flows[window] * factors[window]
        out[at + N_WINDOWS + window, i] = record.others[window] * factors[window]
    at += 2 * N_WINDOWS
    f_long = factors[_LONG]
    answered_known = rows.answered[i] >= 0
    sizes_known = rows.bytes_out[i] >= 0 and rows.bytes_in[i] >= 0
    n_last = min(record.n_last, LAST_FLOWS) if awake else 0
    out[at, i] = _share(record.unanswered, record.answerable, factors[_MIDDLE], answered_known)
    out[at + 1, i] = _share(record.reset, record.flagged, f_long, rows.reset[i] >= 0)
    out[at + 2, i] = _share(record.tiny, record.sized, factors[_MIDDLE], rows.tiny[i] >= 0)
    out[at + 3, i] = _same_size(record, n_last, rows.bytes_out[i], rows.bytes_in[i]) if sizes_known else _NAN
    out[at + 4, i] = record.failed * f_long / (record.succeeded * f_long + 1.0) if answered_known else _NAN
    both = record.bytes_out + record.bytes_in
    out[at + 5, i] = record.bytes_out * f_long if sizes_known else _NAN
    out[at + 6, i] = record.bytes_in * f_long if sizes_known else _NAN
    out[at + 7, i] = (record.bytes_in / both if awake and both > 0 else 0.0) if sizes_known else _NAN
    mean = record.gap_sum / record.gaps if awake and record.gaps > 0 else 0.0
    out[at + 8, i] = mean
    out[at + 9, i] = _regularity(record, mean, f_long)


@kernel
def _share(part: Any, whole: Any, factor: Any, known: Any) -> Any:
    """Give the share of a decayed count in another and one more; null where this source does not tell."""
    return part * factor / (whole * factor + 1.0) if known else _NAN


@kernel
def _same_size(record: Any, n_last: Int, bytes_out: Int, bytes_in: Int) -> Any:
    """Give the share of the last flows and one more whose sizes are nearly those of a flow."""
    bytes_out, bytes_in = min(bytes_out, MOST_BYTES), min(bytes_in, MOST_BYTES)
    near_out = max(NEAR_BYTES, bytes_out // NEAR_SHARE)
    near_in = max(NEAR_BYTES, bytes_in // NEAR_SHARE)
    found = 0.0
    for n in range(n_last):
        same = abs(record.out_last[n] - bytes_out) <= near_out and abs(record.in_last[n] - bytes_in) <= near_in
        found += 1.0 if same and record.out_last[n] >= 0 else 0.0
    return found / (n_last + 1.0)


@kernel
def _regularity(record: Any, mean: Any, factor: Any) -> Any:
    """Give how even the times between starts are, in [0, 1)."""
    if mean <= 0:
        return 0.0
    spread = np.sqrt(max(record.gap_square / record.gaps - mean * mean, 0.0))
    n = record.gaps * factor
    return n / (n + 3.0) * mean / (mean + spread)
