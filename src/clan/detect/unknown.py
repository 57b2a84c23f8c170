"""Which learnt features no scored flow knows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from clan.counted import counted
from clan.detect.exemplars import Exemplars
from clan.schema import Feature

FEWEST = 20
"""Flows to look at before anything is said."""

USUAL = 0.5
"""Share of the training's benign rows that know a feature, from which on it tells something that no other flow does."""

_NAMED = 6


class UnknownFeatures:
    """Finds features that benign traffic of the training knows, and that are null in every flow since.

    Such flows are scored, as single unknown values are, but another table than that of the training they are: a log is
    missing beside the others, or a column is empty.

    Args:
        features: The features of the model.
        exemplars: Benign rows of its training; without any nothing is ever found.
    """

    def __init__(self, features: Sequence[Feature], exemplars: Exemplars) -> None:
        known = ~np.isnan(exemplars.values)
        usual = known.mean(axis=0) >= USUAL if len(exemplars) else np.zeros(len(features), dtype=np.bool_)
        self._open = [f.name for f, is_usual in zip(features, usual, strict=True) if is_usual]
        self._n_features = len(features)
        self.n_flows = 0
        """Flows looked at so far."""

    def update(self, flows: pl.DataFrame) -> None:
        """Look at the next flows; columns that are not there are not judged."""
        if not flows.height:
            return
        here = [name for name in self._open if name in flows.columns]
        nulls = flows.select(here).null_count().row(0) if here else ()
        self._open = [name for name, n in zip(here, nulls, strict=True) if n == flows.height]
        self.n_flows += flows.height

    @property
    def names(self) -> tuple[str, ...]:
        """The features; none before so many flows that it tells something."""
        return tuple(self._open) if self.n_flows >= FEWEST else ()

    @property
    def sentence(self) -> str:
        """Say it in one line, with what to do; ``""`` where there is nothing to say."""
        names = self.names
        if not names:
            return ""
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        return (
            f"{len(names):,} of the {counted(self._n_features, 'feature')} that the model learnt are unknown in all "
            f"{counted(self.n_flows, 'flow')} ({', '.join(names[:_NAMED])}{more}): scores and p-values are not "
            "comparable with those of its training; give it all that it learnt from (the logs beside, columns that are "
            "empty here), or train a model without these"
        )
