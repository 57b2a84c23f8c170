"""Whether what is scored are the flows that the model learnt from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from clan.detect.exemplars import MOST_CHARACTERS, Exemplars
from clan.schema import Feature

FEWEST = 10
"""Kept flows that have to come by."""

MOSTLY = 0.5
"""Share of the scored flows that has to be of the training."""

ALL_VALUES = 0.9
"""Share of the kept flows that has to come by where only their values tell them: new flows may be alike."""


class TrainingFlows:
    """Recognises the kept benign flows of the training among those that are scored, by uid and time, else by values.

    Args:
        features: The features of the model.
        exemplars: The flows that it keeps; without any nothing is recognised.
        n_rows: Flows of the training, those that were not drawn among them.
    """

    def __init__(self, features: Sequence[Feature], exemplars: Exemplars, n_rows: int) -> None:
        self._names, self._n_rows, self._n_flows = [f.name for f in features], n_rows, 0
        uid, time_us = (exemplars.identity.get(name, (None,) * len(exemplars)) for name in ("uid", "time_us"))
        self._by_uid = None not in (*uid, *time_us)
        values = pl.DataFrame(exemplars.values, schema=dict.fromkeys(self._names, pl.Float64))
        keys = pl.DataFrame({"uid": uid, "time_us": time_us}, schema=_UID) if self._by_uid else _hashed(values)
        self._keys = keys.with_row_index("kept")
        self._seen = np.zeros(len(exemplars), dtype=np.bool_)

    def update(self, flows: pl.DataFrame) -> None:
        """Look at the next flows; without uid, time or features nothing is recognised."""
        self._n_flows += flows.height
        if self._n_flows * MOSTLY > self._n_rows or not len(self._seen):  # so many are others, whatever they are
            return
        needed = ["uid", "ts_start"] if self._by_uid else self._names
        if not set(needed) <= set(flows.columns):
            return
        if self._by_uid:
            uid = pl.col("uid").cast(pl.String).str.slice(0, MOST_CHARACTERS)
            keys = flows.select(uid=uid, time_us=pl.col("ts_start").dt.epoch("us"))
        else:
            keys = _hashed(flows.select(pl.col(self._names).cast(pl.Float64)))
        on = [name for name in self._keys.columns if name != "kept"]
        self._seen[self._keys.join(keys, on=on, how="semi")["kept"].to_numpy()] = True

    @property
    def n_seen(self) -> int:
        """Kept flows that came by."""
        return int(self._seen.sum())

    @property
    def n_kept(self) -> int:
        """Flows of the training that the model keeps."""
        return len(self._seen)

    @property
    def are_most(self) -> bool:
        """Whether most of the scored flows are those of the training, as far as the kept ones tell."""
        if self.n_seen < FEWEST or not (self._by_uid or self.n_seen >= ALL_VALUES * self.n_kept):
            return False
        return self.n_seen / self.n_kept * self._n_rows >= MOSTLY * self._n_flows


_UID = {"uid": pl.String, "time_us": pl.Int64}


def _hashed(values: pl.DataFrame) -> pl.DataFrame:
    """Name rows by their values, unknown ones the same whether null or NaN."""
    return values.fill_nan(None).hash_rows().to_frame("values")
