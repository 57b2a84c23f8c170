"""The training rows, ready to fit, and the warnings that they deserve."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.calibrate import DEFAULT_FPR, MIN_RANK, Budget, Calibration, assign_folds, observed_days
from clan.counted import counted
from clan.detect import columns
from clan.detect.columns import Streams
from clan.detect.contamination import suspicious_rows
from clan.encoder import fit_scaler
from clan.errors import DataError, DataQualityWarning
from clan.schema import IDENTITY, WINDOWS, Feature, table_feature

WARM_UP_US = int(WINDOWS["60s"] * 1e6)
"""The middle window of the context, in microseconds."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingRows:
    """Benign rows and what is known about them.

    Attributes:
        values: Raw features. Shape `(n, n_features)`, float64, finite or NaN = unknown.
        features: The columns of `values`.
        columns: Their positions among the columns of the user's table.
        n_inputs: Columns that a NumPy table to score must have.
        input_names: Their names, where they have any.
        streams: Where and when each row was seen.
        days: Days that the flows cover, where known.
        window: First and last time, ISO 8601, where known.
        uids: Flow identifiers, where known.
        identity: The identity columns of the rows, where they come from a flow table.
    """

    values: Floats
    features: tuple[Feature, ...]
    columns: tuple[int, ...]
    n_inputs: int
    input_names: tuple[str, ...] | None
    streams: Streams
    days: float | None = None
    window: tuple[str, str] | None = None
    uids: pl.Series | None = None
    identity: pl.DataFrame | None = None

    @property
    def groups(self) -> list[str]:
        """Feature group of each column of `values`."""
        return [f.group for f in self.features]

    def folds(self, n_folds: int, *, seed: int) -> NDArray[np.int64]:
        """Give each row the fold in which it is held out, see `clan.calibrate.assign_folds`."""
        return assign_folds(
            len(self.values),
            n_folds,
            np.random.default_rng(seed),
            source=self.streams.source,
            time=self.streams.time,
            warm_up_us=warm_up_us(self.groups),
        )

    def name_rows(self, rows: NDArray[np.intp], limit: int = 10) -> str:
        """Name rows by uid, or by number from 0, the first `limit` of them."""
        shown = rows[:limit]
        names = [str(uid) for uid in self.uids[shown]] if self.uids is not None else [str(row) for row in shown]
        kind = "uids" if self.uids is not None else "row numbers"
        return f"{kind} {', '.join(names)}" + (f" and {len(rows) - limit} more" if len(rows) > limit else "")


def warm_up_us(groups: Collection[str]) -> int:
    """Give the time after the start of a stream in which these feature groups say little, in microseconds."""
    return WARM_UP_US if "context" in groups else 0


LOOKED_AT = 200_000
"""Training rows, evenly taken, that are looked at for attacks among them."""


def rows_of_frame(frame: pl.DataFrame, *, drop_zero_columns: bool) -> TrainingRows:
    """Read a polars table.

    Raises:
        SchemaError: Columns that are missing or not numeric.
        DataError: Fewer than two rows; values that are not finite; every feature is null.
    """
    if frame.height < 2:
        raise DataError(f"training needs at least 2 rows, found {frame.height}; 1,000 or more make a useful detector")
    features = columns.choose_features(frame)
    for group, lacking in columns.partly_there(frame, features).items():
        warnings.warn(
            f"feature group {group!r} is left out: the table lacks {len(lacking)} of its columns "
            f"({', '.join(lacking[:3])}{', ...' if len(lacking) > 3 else ''}); make the table anew, as by clan flows",
            DataQualityWarning,
            stacklevel=4,
        )
    names = tuple(f.name for f in features)
    features, empty = columns.available(frame, features)
    if not features:
        raise DataError(f"all {len(empty)} feature columns are null in every row; this source cannot tell any of them")
    if empty:
        warnings.warn(
            f"{counted(len(empty), 'feature')} left out, null in every row: {', '.join(empty[:6])}"
            + (f" and {len(empty) - 6} more" if len(empty) > 6 else ""),
            DataQualityWarning,
            stacklevel=4,
        )
    values = columns.numbers(frame, features, what="the training table")
    if not columns.is_flow_table(frame):
        return _rows(values, features, names, drop_zero_columns=drop_zero_columns)
    times = frame.select(first=pl.col("ts_start").min(), last=pl.col("ts_end").max()).row(0)
    return _rows(
        values,
        features,
        names,
        drop_zero_columns=drop_zero_columns,
        streams=columns.streams(frame),
        days=observed_days(frame),
        window=None if None in times else (times[0].isoformat(), times[1].isoformat()),
        uids=frame["uid"],
        identity=frame.select(name for name in IDENTITY if name in frame.columns),
    )


def rows_of_array(values: Floats, names: Sequence[str] | None, *, drop_zero_columns: bool) -> TrainingRows:
    """Take an array that scikit-learn's validation accepted; columns without names are called x0, x1, ..."""
    features = tuple(table_feature(name) for name in (names if names is not None else _numbered(values.shape[1])))
    inputs = None if names is None else tuple(names)
    return _rows(values, features, inputs, drop_zero_columns=drop_zero_columns)


def _rows(
    values: Floats,
    features: tuple[Feature, ...],
    input_names: tuple[str, ...] | None,
    *,
    drop_zero_columns: bool,
    streams: Streams | None = None,
    **known: object,
) -> TrainingRows:
    """Leave out columns where asked, and put the record together."""
    position = {name: i for i, name in enumerate(input_names or [f.name for f in features])}
    if drop_zero_columns:
        kept = np.flatnonzero((values != 0).any(axis=0))
        if not len(kept):
            raise DataError("every feature is 0 in every training row; there is nothing to learn from")
        values, features = values[:, kept], tuple(features[i] for i in kept)
    return TrainingRows(
        values=values,
        features=features,
        columns=tuple(position[f.name] for f in features),
        n_inputs=len(position),
        input_names=input_names,
        streams=streams or Streams(),
        **known,  # type: ignore[arg-type]
    )


def _numbered(n: int) -> list[str]:
    return [f"x{i}" for i in range(n)]


def warn_about(rows: TrainingRows, calibration: Calibration, budget: Budget, *, seed: int) -> None:
    """Warn when the default budget had to give way, or when the rows look contaminated."""
    if not budget.asked and calibration.alpha > DEFAULT_FPR:
        warnings.warn(
            f"{calibration.n} rows are few for a threshold: the default false-positive rate is {calibration.alpha:.3g} "
            f"in place of {DEFAULT_FPR}. Train on {round(MIN_RANK / DEFAULT_FPR):,} rows or more, or "
            "ask for a rate (fpr)",
            DataQualityWarning,
            stacklevel=3,
        )
    step = -(-len(rows.values) // LOOKED_AT)
    some = rows.values[::step]
    odd = suspicious_rows(fit_scaler("signed_log", some).transform(some), seed=seed) * step
    if len(odd):
        warnings.warn(
            f"{len(odd):,} of {len(some):,} training rows form a small cluster far from all others and may "
            f"not be benign: {rows.name_rows(odd)}. Look at them, and train again without them if they are not",
            DataQualityWarning,
            stacklevel=3,
        )
