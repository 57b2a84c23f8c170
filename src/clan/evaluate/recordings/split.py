"""What trains and what is tested: by network, or by time within long captures."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import polars as pl

from clan.errors import DataError
from clan.evaluate.recordings.index import BENIGN

TRAIN_SHARE: Final = 0.7
"""Of the benign networks, or of each long capture's flows."""
LONG_FLOWS: Final = 50
"""Flows of a benign capture that is long."""


class CaptureSplit(NamedTuple):
    """Tables as `read_recordings` makes them."""

    train: pl.DataFrame
    benign: pl.DataFrame
    attack: pl.DataFrame


def split_by_network(flows: pl.DataFrame, seed: int) -> CaptureSplit:
    """Train on the benign captures of some networks, test on those of the others and on every attack.

    A training capture that shares packets with a tested one is left out.

    Args:
        flows: All of them.
        seed: Which networks.

    Raises:
        DataError: There are fewer than two benign networks, or no attack.
    """
    benign, attack = flows.filter(pl.col("label") == BENIGN), flows.filter(pl.col("label") != BENIGN)
    networks = np.array(sorted(benign["network"].unique()))
    if len(networks) < 2 or not attack.height:
        raise DataError(f"a split by network needs two benign networks and an attack, found {len(networks)} networks")
    np.random.default_rng(seed).shuffle(networks)
    chosen = networks[: max(round(TRAIN_SHARE * len(networks)), 1)].tolist()
    train, tested = benign.filter(pl.col("network").is_in(chosen)), benign.filter(~pl.col("network").is_in(chosen))
    shared = pl.concat([tested["same_traffic"], attack["same_traffic"]]).drop_nulls().unique().to_list()
    return CaptureSplit(train.filter(~pl.col("same_traffic").is_in(shared).fill_null(value=False)), tested, attack)


def split_by_time(flows: pl.DataFrame) -> CaptureSplit:
    """Train on the first part of each long benign capture, test on the rest of it and on every attack."""
    long = flows.filter((pl.col("label") == BENIGN) & (pl.col("count") >= LONG_FLOWS))
    early = pl.col("position") < TRAIN_SHARE * pl.col("count")
    return CaptureSplit(long.filter(early), long.filter(~early), flows.filter(pl.col("label") != BENIGN))
