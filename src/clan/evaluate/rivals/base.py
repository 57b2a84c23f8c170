"""What a rival is: a detector of the literature behind clan's verbs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.encoder import Scaler, fit_scaler
from clan.errors import ConfigError

Rows = NDArray[np.float32]
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


class OnScaledRows:
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
        self.seed, self.width, self.epochs = seed, width, epochs
        self.scaler: Scaler | None = None

    def fit(self, table: pl.DataFrame) -> Self:
        """Learn from benign rows."""
        values = table.to_numpy().astype(np.float64)
        self.scaler = fit_scaler(self.scaler_name, values)
        self.fit_rows(self.scaler.transform(values))
        return self

    def anomaly_score(self, table: pl.DataFrame) -> NDArray[np.float64]:
        """Score rows.

        Raises:
            ConfigError: Before `fit`.
        """
        if self.scaler is None:
            raise ConfigError("this detector was not fitted; call fit with benign rows first")
        return np.asarray(self.score_rows(self.scaler.transform(table.to_numpy().astype(np.float64))), dtype=np.float64)

    def fit_rows(self, x: Rows) -> None:
        """Learn from scaled rows `(n, n_features)`."""
        raise NotImplementedError

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Score scaled rows `(n, n_features)`; shape `(n,)`, higher = more anomalous."""
        raise NotImplementedError
