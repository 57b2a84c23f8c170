"""What hosts did before an alert, where the flows themselves do not tell."""

from __future__ import annotations

from typing import Final

import polars as pl

from clan.context import ContextEngine, ContextSettings
from clan.explain import HISTORY
from clan.schema import CONN_MEASURED, IDENTITY

_SETTINGS: Final = ContextSettings(max_entities=65_536, max_links=65_536)
"""About 30 MB: for telling what a host did, less than a model needs of the past will do."""

_COUNTED: Final = {
    "conn_fwd_packets": "fwd_pkt_cnt",
    "conn_bwd_packets": "bwd_pkt_cnt",
    "conn_fwd_bytes": "fwd_pkt_len_tot",
    "conn_bwd_bytes": "bwd_pkt_len_tot",
}
"""Columns of group `flow` that stand for those of group `conn`; what is counted here needs no more."""


class HostHistory:
    """Counts what hosts do, in bounded memory, for flows without columns of group `context`."""

    def __init__(self) -> None:
        self._engine: ContextEngine | None = None

    def add(self, flows: pl.DataFrame) -> pl.DataFrame:
        """Give a batch the columns `clan.explain.HISTORY`; as it is where it has any, or no hosts and times.

        Args:
            flows: The next flows of the stream, in their order.
        """
        names = [feature.name for feature in HISTORY]
        if not flows.height or set(names) & set(flows.columns) or not set(IDENTITY) <= set(flows.columns):
            return flows
        if self._engine is None:
            self._engine = ContextEngine(_SETTINGS)
        measured = []
        for name in CONN_MEASURED:
            found = next((c for c in (name, _COUNTED.get(name, "")) if c in flows.columns), None)
            measured.append((pl.lit(None) if found is None else pl.col(found)).cast(pl.Int64).alias(name))
        early = [pl.col("early")] if "early" in flows.columns else []
        told = self._engine.add(flows.select(*IDENTITY, *early, *measured))
        return flows.hstack(told.select(names))
