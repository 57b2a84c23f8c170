"""How data sets are split: train on benign rows, test on the others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.errors import ConfigError, DataError
from clan.evaluate.datasets import DATASETS, Labelled, common_columns

CHOOSING: dict[str, tuple[str, ...]] = {
    name: kind.choosing for name, kind in DATASETS.items() if kind.choosing is not None
}
"""Attack classes on which settings may be chosen; of the other data sets, all. The rest is for reporting only."""

ZERO_DAY_ROWS = 100
"""Of protocol P4: classes with fewer rows are kept out of training and tested whole."""

MIN_TRAINING_ROWS = 100
"""Fewer benign rows are no training set."""

Rows = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """One split of a data set.

    Attributes:
        train: Rows to train on; benign, unless the protocol says otherwise.
        test: The other benign rows and the attacks.
        labels: Class of each test row. Shape `(n_test,)`.
        benign: Name of the benign class.
        train_labels: Class of each training row; None where all are benign. Shape `(n_train,)`.
        notes: What should be known about this split, a sentence each.
    """

    train: pl.DataFrame
    test: pl.DataFrame
    labels: NDArray[np.str_]
    benign: str = "BENIGN"
    train_labels: NDArray[np.str_] | None = None
    notes: tuple[str, ...] = ()


def benign_split(data: Labelled, seed: int, *, min_class_rows: int = 1) -> Split:
    """Protocol P1: half of the benign rows to train, the other half and every attack to test.

    A data set that says itself which rows are for training (NSL-KDD) is split as it says.

    Args:
        data: The data set.
        seed: Of the halves.
        min_class_rows: Attack classes with fewer test rows are left out.
    """
    train, test = _benign_halves(data, seed)
    labels = _classes(data)
    names, counts = np.unique(labels[test], return_counts=True)
    large = np.isin(labels[test], names[(counts >= min_class_rows) | (names == data.benign)])
    return _split(data, train, test[large])


def stratified_split(data: Labelled, seed: int, *, zero_day_rows: int = ZERO_DAY_ROWS) -> Split:
    """Protocol P4, the paper's: half of each class, of which the benign rows train; rare classes are tested whole.

    Columns that are 0 in every row are left out, as published.

    Args:
        data: The data set.
        seed: Of the halves.
        zero_day_rows: Classes with fewer rows are zero-day attacks.

    Source:
        Wilkie et al. 2025, section on the experiment.
    """
    labels = _classes(data)
    generator = np.random.default_rng(seed)
    train: list[Rows] = []
    test: list[Rows] = []
    rare = []
    for name in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == name))
        if len(rows) < zero_day_rows and name != data.benign:
            rare.append(str(name))
            test.append(rows)
            continue
        half = len(rows) // 2
        test.append(rows[half:])
        if name == data.benign:
            train.append(rows[:half])
    kept = [name for name in data.features.columns if (data.features[name] != 0).any()]
    note = f"zero-day classes: {', '.join(rare) or 'none'}; {len(kept)} columns that are not all 0"
    split = _split(data, np.sort(np.concatenate(train)), np.sort(np.concatenate(test)))
    return replace(split, train=split.train.select(kept), test=split.test.select(kept), notes=(note,))


def time_split(data: Labelled) -> Split:
    """Train on the benign rows before the first attack, test on everything after: nothing of the future is known.

    Raises:
        DataError: The data set has no times, or its attacks begin before there are benign rows enough.
    """
    if data.times is None:
        raise DataError(f"{data.name or 'this data set'} has no times, so it cannot be split in order of time")
    time, labels = data.times.dt.timestamp("us").to_numpy(), _classes(data)
    known = data.times.is_not_null().to_numpy()
    attack = known & (labels != data.benign)
    first = time[attack].min()
    train = np.flatnonzero(known & (labels == data.benign) & (time < first))
    test = np.flatnonzero(known & (time >= first))
    if len(train) < MIN_TRAINING_ROWS or not (labels[test] == data.benign).any():
        raise DataError(f"only {len(train):,} benign rows of {data.name} come before its first attack")
    note = f"{len(train):,} benign rows before the first attack train; {len(time) - known.sum():,} rows have no time"
    return replace(_split(data, train, test), notes=(note,))


def dirty_split(data: Labelled, seed: int, *, share: float, min_class_rows: int = 1) -> Split:
    """Protocol P1 with attacks mixed into the training rows, which are then not tested.

    Attacks are drawn from all attack rows alike, though never more than half of a class.

    Args:
        data: The data set.
        seed: Of the halves and the draw.
        share: Of attacks among the training rows, in [0, 0.5].
        min_class_rows: As in `benign_split`, counted before the draw.

    Raises:
        ConfigError: The share is out of range.
        DataError: There are not enough attack rows.
    """
    if not 0 <= share <= 0.5:
        raise ConfigError(f"the share of attacks must be in [0, 0.5], got {share}")
    labels = _classes(data)
    train, test = _benign_halves(data, seed)
    names, counts = np.unique(labels[test], return_counts=True)
    test = test[np.isin(labels[test], names[(counts >= min_class_rows) | (names == data.benign)])]
    generator = np.random.default_rng([seed, 1])
    attacks = generator.permutation(test[labels[test] != data.benign])
    _, number = np.unique(labels[attacks], return_inverse=True)
    order = np.argsort(number, kind="stable")
    size = np.bincount(number)
    place = np.empty(len(attacks), dtype=np.int64)  # how many of its class come before each row
    place[order] = np.arange(len(attacks)) - np.repeat(np.cumsum(size) - size, size)
    eligible = attacks[place < size[number] // 2]
    wanted = round(share / (1 - share) * len(train))
    if wanted > len(eligible):
        raise DataError(f"{share:.1%} of attacks would take {wanted:,} rows, and {len(eligible):,} may be taken")
    mixed_in = eligible[:wanted]
    return _split(data, np.sort(np.concatenate([train, mixed_in])), np.setdiff1d(test, mixed_in))


def cross_split(source: Labelled, target: Labelled, seed: int, *, min_class_rows: int = 1) -> Split:
    """Train on the benign rows of one data set, test on another's test rows; only columns common to both.

    Args:
        source: Trains.
        target: Is tested: the rows that `benign_split` would test.
        seed: Of the halves of both.
        min_class_rows: As in `benign_split`, of the target.

    Raises:
        DataError: There is no common column.
    """
    mine, other = common_columns(source, target)
    train = benign_split(replace(source, features=mine), seed).train
    test = benign_split(replace(target, features=other), seed, min_class_rows=min_class_rows)
    return replace(test, train=train, notes=(f"{len(mine.columns)} common columns",))


def thin_out(data: Labelled, most: int, *, seed: int = 0) -> Labelled:
    """Draw at most so many rows of each class, in the order they have.

    Args:
        data: The data set; left as it is.
        most: At least 1.
        seed: Of the draw.

    Raises:
        ConfigError: `most` is below 1.
    """
    if most < 1:
        raise ConfigError(f"at least 1 row of each class is needed, got {most}")
    generator, labels = np.random.default_rng(seed), _classes(data)
    rows = [np.flatnonzero(labels == name) for name in np.unique(labels)]
    kept = np.sort(np.concatenate([generator.permutation(each)[:most] for each in rows]))
    return replace(
        data,
        features=data.features[kept],
        labels=data.labels[kept],
        train=None if data.train is None else data.train[kept],
        times=None if data.times is None else data.times[kept],
        identifiers=None if data.identifiers is None else data.identifiers[kept],
    )


def _benign_halves(data: Labelled, seed: int) -> tuple[Rows, Rows]:
    """Rows to train and rows to test, each ascending."""
    benign = (data.labels == data.benign).to_numpy()
    if data.train is not None:
        mine = data.train.to_numpy()
        return np.flatnonzero(benign & mine), np.flatnonzero(~mine)
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(benign))
    train, rest = np.sort(rows[: len(rows) // 2]), rows[len(rows) // 2 :]
    return train, np.sort(np.concatenate([rest, np.flatnonzero(~benign)]))


def _split(data: Labelled, train: Rows, test: Rows) -> Split:
    labels = _classes(data)
    mixed = labels[train] if (labels[train] != data.benign).any() else None
    return Split(
        train=data.features[train],
        test=data.features[test],
        labels=labels[test],
        benign=data.benign,
        train_labels=mixed,
    )


def _classes(data: Labelled) -> NDArray[np.str_]:
    return data.labels.to_numpy().astype(str)
