"""Benign flows that a model keeps, so that an alert can be shown beside the normal flows that are most like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.detect.benign_scale import BenignScale
from clan.detect.quantiles import PROBABILITIES
from clan.detect.scorers.kmeans import k_means
from clan.detect.training_rows import TrainingRows

Floats = NDArray[np.float64]

MOST: Final = 1000
"""Rows that are kept: 8 bytes a feature each in the model file."""

_CLUSTERS: Final = 256
_LOOKED_AT: Final = 20_000
"""Rows that the kept ones are chosen among: enough that every habit of a network has some."""

IDENTIFIERS: Final = ("uid", "time_us", "protocol", "port")
"""What tells where a kept flow can be looked up: its start in microseconds since 1970 and the responder's port among
it."""
ADDRESSES: Final = ("src_ip", "dst_ip")
"""Kept only where the user says so: a model file may be given to others."""

MOST_CHARACTERS: Final = 80
"""Of a uid or address that is kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exemplars:
    """Benign training rows.

    Attributes:
        values: Raw features. Shape `(m, n_features)`, finite or NaN = unknown; m may be 0.
        identity: Name in `IDENTIFIERS` or `ADDRESSES` to a value for each row, None where it is unknown; empty where
            the training table had none.
    """

    values: Floats
    identity: Mapping[str, tuple[str | int | None, ...]]

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def none(cls, n_features: int) -> Self:
        """Give no rows, as a model of an older clan has it."""
        return cls(values=np.empty((0, n_features)), identity={})

    def entry(self) -> dict[str, Any]:
        """Say what identifies the rows, as JSON values for the manifest."""
        return {"rows": len(self), **{name: list(column) for name, column in self.identity.items()}}

    def tensors(self) -> dict[str, Floats]:
        """Name the arrays; what is unknown is told by a second one, for tensors are finite."""
        known = ~np.isnan(self.values)
        named = {"values": np.where(known, self.values, 0.0)}
        return named if known.all() else {**named, "known": known.astype(np.float64)}

    @classmethod
    def from_stored(cls, entry: Mapping[str, Any], named: Mapping[str, Floats], *, n_features: int) -> Self:
        """Build from what `entry` and `tensors` gave.

        Raises:
            KeyError: A part is missing.
            ValueError: Parts that do not fit each other, or `n_features` columns.
        """
        values, n = named["values"], int(entry["rows"])
        known = named.get("known", np.ones_like(values))
        if values.shape != (n, n_features) or known.shape != values.shape or set(named) - {"values", "known"}:
            raise ValueError(f"exemplars of shape {values.shape} do not fit {n} rows of {n_features} features")
        identity = {name: tuple(entry[name]) for name in (*IDENTIFIERS, *ADDRESSES) if name in entry}
        for name, column in identity.items():
            kind = int if name in ("time_us", "protocol", "port") else str
            if len(column) != n or not all(value is None or type(value) is kind for value in column):
                raise ValueError(f"the exemplars' {name} must be {n} values of type {kind.__name__}")
        return cls(values=np.where(known > 0, values, np.nan), identity=identity)


def choose_exemplars(
    training: TrainingRows,
    quantiles: Floats,
    *,
    seed: int,
    learnt: NDArray[np.bool_],
    addresses: bool = False,
    most: int = MOST,
) -> Exemplars:
    """Choose rows that cover benign traffic.

    Rows are clustered, and each cluster gives one row after the other until there are enough: what is rare among
    benign flows is among them too.

    Args:
        training: Benign rows, n of them.
        quantiles: Of each feature at `clan.detect.quantiles.PROBABILITIES`. Shape `(n_quantiles, n_features)`.
        seed: Of the sample, the clusters and the order within.
        learnt: Rows that may be chosen: those that were not set aside as outlying. Shape `(n,)`.
        addresses: Whether addresses are kept.
        most: Rows to choose.
    """
    values = training.values
    rng = np.random.default_rng(seed)
    rows = rng.permutation(np.flatnonzero(learnt))[:_LOOKED_AT]
    if len(rows) > most:
        # a column that benign traffic could not tell has no scale: 0 for all
        scale = BenignScale.of(quantiles, PROBABILITIES)
        x = np.nan_to_num(scale.transform(values[rows])).astype(np.float32)
        centers = k_means(x, _CLUSTERS, seed=seed)
        label = np.argmin(np.einsum("ij,ij->i", centers, centers) - 2 * (x @ centers.T), axis=1)
        turn = np.empty(len(rows), dtype=np.intp)  # the how-manieth of its cluster a row is
        order = np.argsort(label, kind="stable")
        sizes = np.bincount(label, minlength=len(centers))
        turn[order] = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        rows = rows[np.argsort(turn, kind="stable")[:most]]
    rows = np.sort(rows)
    return Exemplars(values=values[rows], identity=_identity(training.identity, rows, addresses=addresses))


def _identity(frame: pl.DataFrame | None, rows: NDArray[np.intp], *, addresses: bool) -> dict[str, tuple[Any, ...]]:
    if frame is None:
        return {}
    text = [name for name in ("uid", *(ADDRESSES if addresses else ())) if name in frame.columns]
    wanted = [pl.col(name).cast(pl.String).str.slice(0, MOST_CHARACTERS).alias(name) for name in text]
    if "ts_start" in frame.columns:
        wanted.append(pl.col("ts_start").dt.epoch("us").alias("time_us"))
    numbers = {"protocol": "protocol", "dst_port": "port"}
    wanted += [pl.col(name).cast(pl.Int64).alias(new) for name, new in numbers.items() if name in frame.columns]
    return {column.name: tuple(column.to_list()) for column in frame[rows].select(wanted)}
