"""The context engine: batches of flows in, the same flows with their context out."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from clan.context.host_hash import HostHash
from clan.context.kernel import BACKWARD, add_flows, new_scratch
from clan.context.memory import EVICTED, forget, new_memory
from clan.context.rows import Rows, rows_of
from clan.context.settings import ContextSettings
from clan.schema.context_group import CONTEXT_GROUP

_NOTHING: Final = object()
_AT_ONCE: Final = 1024


class ContextEngine:
    """Adds the columns of group `context` to flows.

    Give it the flows of a stream in their order, (`ts_end`, `uid`), in batches of any size: each sees what was given
    before it. The memory is emptied where `source` changes, and where the times of two flows are more than an hour
    apart. Rows whose column `early` is true look at the memory and leave no trace in it.

    Args:
        settings: How much is remembered; default: `ContextSettings()`.
    """

    def __init__(self, settings: ContextSettings | None = None) -> None:
        self.settings = settings or ContextSettings()
        self._hash = HostHash(int.from_bytes(os.urandom(16)))
        self._memory = new_memory(self.settings, int.from_bytes(os.urandom(16)))
        self._scratch = new_scratch()
        # A cache line more than a power of two, lest all columns of a flow fall into the same set of the cache.
        self._columns = np.empty((len(CONTEXT_GROUP), _AT_ONCE + 8))
        self._source: object = _NOTHING
        self._backward = self._restarts = 0

    def add(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Give a batch its context.

        Args:
            batch: A flow table: identity columns and the measured columns of group `conn`.

        Returns:
            The batch with the columns of group `context`, float64, at its end; null where a flow's hosts or times are
            unknown, or its source does not tell what a column counts.

        Raises:
            SchemaError: Columns that are missing.
        """
        if not batch.height:
            return batch.with_columns(pl.Series(f.name, [], f.dtype) for f in CONTEXT_GROUP)
        parts = [self._add_stream(part) for part in _streams(batch)]
        return parts[0] if len(parts) == 1 else pl.concat(parts)

    def counts(self) -> dict[str, int]:
        """Give what was forgotten for want of room, and what the clocks did."""
        evicted = int(self._memory.entities.ends[EVICTED] + self._memory.links.ends[EVICTED])
        backward = self._backward + int(self._memory.clock[BACKWARD])
        return {
            "context_evictions": evicted,
            "context_restarts": self._restarts,
            "context_backward_clock": backward,
        }

    def _add_stream(self, flows: pl.DataFrame) -> pl.DataFrame:
        """Give flows of one stream their context."""
        source = flows["source"][0] if "source" in flows.columns else None
        if source != self._source:
            self._forget()
            self._source = source
        out = self._fill(rows_of(flows, self._hash))
        unknown = np.isnan(out.sum(axis=1))  # of a column; there are no infinities
        return flows.hstack(
            [
                pl.Series(f.name, column, nan_to_null=bool(nulls))
                for f, column, nulls in zip(CONTEXT_GROUP, out, unknown, strict=True)
            ]
        )

    def _fill(self, rows: Rows) -> npt.NDArray[np.float64]:
        """Go through flows a cache's worth at a time; shape `(n_features, n)`."""
        n = rows.start.size
        out = np.empty((len(CONTEXT_GROUP), n))
        for first in range(0, n, _AT_ONCE):
            part = rows.part(first, first + _AT_ONCE)
            at, size = 0, part.start.size
            while (at := add_flows(self._memory, part, at, self._scratch, self._columns)) < size:
                self._forget()
                self._restarts += 1
            out[:, first : first + size] = self._columns[:, :size]
        return out

    def _forget(self) -> None:
        """Empty the memory."""
        self._backward += int(self._memory.clock[BACKWARD])
        forget(self._memory)


def _streams(batch: pl.DataFrame) -> list[pl.DataFrame]:
    """Cut a batch where the stream changes."""
    if "source" not in batch.columns:
        return [batch]
    starts = batch["source"].ne_missing(batch["source"].shift(1)).to_numpy().copy()
    starts[0] = True
    edges = [*np.flatnonzero(starts).tolist(), batch.height]
    return [batch[a:b] for a, b in pairwise(edges)]
