"""Group `context`, added to what sources give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl

from clan.context import ContextEngine
from clan.schema import GROUPS, IDENTITY, features_of
from clan.sources.groups import CONTEXT


class ContextColumns:
    """The context of several streams, which may take turns; does nothing where it is not among the groups.

    Args:
        groups: Feature groups of the tables to make; sources give what `context` is computed from, as they are asked.
    """

    def __init__(self, groups: Sequence[str]) -> None:
        self._wanted = CONTEXT in groups
        self._names = [*IDENTITY, *(feature.name for feature in features_of(groups))]
        self._known = {*self._names, *(feature.name for feature in features_of(GROUPS))}
        self._context = {feature.name for feature in features_of([CONTEXT])}
        self._engines: dict[str, ContextEngine] = {}

    def add(self, batch: pl.DataFrame, stream: str) -> pl.DataFrame:
        """Give a batch its context, and put the columns in order; those of no group, such as `early`, go to the end."""
        if not self._wanted:
            return batch
        others = [name for name in batch.columns if name not in self._known]
        if self._context <= set(batch.columns):  # a file of flows may have stored it
            return batch[[*self._names, *others]]
        if stream not in self._engines:
            self._engines[stream] = ContextEngine()
        return self._engines[stream].add(batch)[[*self._names, *others]]  # select() parses each name

    def counts(self) -> Counter[str]:
        """Give the counters of all streams so far."""
        total = Counter[str]()
        for engine in self._engines.values():
            total.update(engine.counts())
        return total
