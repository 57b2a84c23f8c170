"""What a rival is: a detector of the literature behind clan's verbs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from clan.detect import columns
from clan.detect.arrays import read_array
from clan.encoder import Scaler, fit_scaler
from clan.errors import ConfigError, DataError
from clan.schema import table_feature

Rows = NDArray[np.float32]
Table = pl.DataFrame | pl.LazyFrame | ArrayLike
Family = Literal["clan", "contrastive", "anomaly", "distance", "baseline"]
Width = Literal["common", "paper"]


class Detector(Protocol):
    """Learns from benign rows, scores others."""

    def fit(self, table: pl.DataFrame, /) -> Self:
        """Learn from benign rows: numeric columns, finite."""

    def anomaly_score(self, table: pl.DataFrame, /) -> NDArray[np.float64]:
        """Score rows of the same columns; shape `(n,)`, finite, higher = more anomalous."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rival:
    """One row of a comparison.

    Attributes:
        name: How `--detectors` names it.
        family: What it is.
        make: Makes a fresh one: ``make(seed=0, width="common", epochs=None)``. `width` is ``"common"`` (256 x 2,
            20 epochs) or ``"paper"`` (the network and schedule of the CLAN paper, with which its tables were made;
            of no meaning to what trains no network); `epochs` cuts training short, None for the recipe's own.
        reference: Where it was published.
        checked: What its formula was compared with, or that it was not.
    """

    name: str
    family: Family
    make: Callable[..., Detector]
    reference: str
    checked: str


class OnScaledRows(BaseEstimator):  # type: ignore[misc]
    """The common preprocessing: signed-log and z-score, fitted on the training rows. A subclass does the rest.

    Args:
        seed: Of everything random.
        width: ``"common"`` or ``"paper"``.
        epochs: Most epochs to train, None for the recipe's own; of no meaning to what is not trained in epochs.

    Raises:
        ConfigError: Another width.
    """

    scaler_name: str = "signed_log"

    def __init__(self, *, seed: int = 0, width: str = "common", epochs: int | None = None) -> None:
        if width not in ("common", "paper"):
            raise ConfigError(f"width must be 'common' or 'paper', got {width!r}")
        self.seed = seed
        self.width = width
        self.epochs = epochs

    def fit(self, table: Table, y: object = None) -> Self:
        """Learn from benign rows: a polars table, read by column name, or numeric columns as pandas or NumPy.

        Raises:
            SchemaError: Columns that are not numeric, or two of one name.
            DataError: Null, NaN or infinite values.
            ValueError: A NumPy or pandas table that scikit-learn's validation refuses.
        """
        if columns.is_frame(table):
            frame = columns.collect(table)
            self.features_ = columns.choose_features(frame)
            values = columns.numbers(frame, self.features_, what="the training table")
            self.n_features_in_ = len(self.features_)
            self.feature_names_in_ = np.array([feature.name for feature in self.features_], dtype=object)
        else:
            values = read_array(self, table, reset=True)
            names = getattr(self, "feature_names_in_", [f"x{i}" for i in range(values.shape[1])])
            self.features_ = tuple(table_feature(str(name)) for name in names)
        _refuse_unknown(values)
        self.scaler_: Scaler = fit_scaler(self.scaler_name, values)
        self.fit_rows(self.scaler_.transform(values))
        return self

    def anomaly_score(self, table: Table) -> NDArray[np.float64]:
        """Score rows; columns of a polars table are found by name, whatever their order.

        Raises:
            ConfigError: Before `fit`.
            SchemaError: Columns of the training table that are missing or not numeric.
            DataError: Null, NaN or infinite values.
            ValueError: A NumPy or pandas table that scikit-learn's validation refuses.
        """
        if not hasattr(self, "scaler_"):
            raise ConfigError("this detector was not fitted; call fit with benign rows first")
        if columns.is_frame(table):
            values = columns.numbers(columns.collect(table), self.features_, what="the table to score")
        else:
            values = read_array(self, table, reset=False)
        _refuse_unknown(values)
        return np.asarray(self.score_rows(self.scaler_.transform(values)), dtype=np.float64)

    def score_samples(self, table: Table) -> NDArray[np.float64]:
        """Minus `anomaly_score`, as scikit-learn has it, so that pipelines can score; raises the same."""
        return -self.anomaly_score(table)

    def fit_rows(self, x: Rows) -> None:
        """Learn from scaled rows `(n, n_features)`."""
        raise NotImplementedError

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Score scaled rows `(n, n_features)`; shape `(n,)`, higher = more anomalous."""
        raise NotImplementedError


def _refuse_unknown(values: NDArray[np.float64]) -> None:
    """Raise where a flow table has nulls: rivals know no unknown values."""
    if np.isnan(values).any():
        raise DataError(
            "this detector takes no unknown values: fill in the nulls of the table, with the medians of the training "
            "rows for example, or leave out the columns that have any"
        )
