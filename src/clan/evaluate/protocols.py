"""How data sets are split: train on benign rows, test on the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.evaluate.datasets import Labelled

CHOOSING: dict[str, tuple[str, ...]] = {"cicids2017": ("DoS Hulk", "Portscan", "FTP-Patator", "Botnet")}
"""Attack classes on which settings may be chosen; of the other data sets, all. The rest is for reporting only."""

MIN_CLASS_ROWS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """One split of a data set.

    Attributes:
        train: Benign rows to train on.
        test: The other benign rows and the attacks.
        labels: Class of each test row. Shape `(n_test,)`.
    """

    train: pl.DataFrame
    test: pl.DataFrame
    labels: NDArray[np.str_]


def benign_split(data: Labelled, seed: int, *, min_class_rows: int = 1) -> Split:
    """Protocol P1: half of the benign rows to train, the other half and every attack to test.

    A data set that says itself which rows are for training (NSL-KDD) is split as it says.

    Args:
        data: The data set.
        seed: Of the halves.
        min_class_rows: Attack classes with fewer test rows are left out.
    """
    benign = (data.labels == data.benign).to_numpy()
    if data.train is not None:
        train = np.flatnonzero(benign & data.train.to_numpy())
        test = np.flatnonzero(~data.train.to_numpy())
    else:
        rows = np.random.default_rng(seed).permutation(np.flatnonzero(benign))
        train, rest = np.sort(rows[: len(rows) // 2]), rows[len(rows) // 2 :]
        test = np.sort(np.concatenate([rest, np.flatnonzero(~benign)]))
    labels = data.labels.to_numpy().astype(str)
    names, counts = np.unique(labels[test], return_counts=True)
    test = test[np.isin(labels[test], names[counts >= min_class_rows])]
    return Split(train=data.features[train], test=data.features[test], labels=labels[test])
