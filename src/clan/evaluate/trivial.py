"""Baselines that learn nothing, as in protocol P3: a detector that is not ahead of them sees nothing in the flows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

WINDOW_US = 60_000_000
"""Of the recording, in microseconds."""


def position(flows: pl.DataFrame) -> NDArray[np.float64]:
    """Score a flow by how many ended before it: the later, the more anomalous."""
    return flows["ts_end"].rank("ordinal").to_numpy().astype(np.float64)


def source_count(flows: pl.DataFrame) -> NDArray[np.float64]:
    """Score a flow by how many flows its source began in the minute up to its start, itself included."""
    source = flows["src_ip"].rank("dense").to_numpy().astype(np.int64)
    time = flows["ts_start"].dt.timestamp("us").to_numpy()
    time = time - time.min()
    key = source * (int(time.max()) + 2 * WINDOW_US) + time  # sources do not overlap, however wide the window
    ordered = np.sort(key)
    upto, before = (np.searchsorted(ordered, each, side="right") for each in (key, key - WINDOW_US))
    return (upto - before).astype(np.float64)


TRIVIAL: dict[str, Callable[[pl.DataFrame], NDArray[np.float64]]] = {
    "position in the capture": position,
    "flows of the source in 60 s": source_count,
}
"""Name to scores of a flow table."""
