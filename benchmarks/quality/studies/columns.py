"""How far the columns reach on P3: a forest that is given the attacks of other networks, which no detector of P3 is.

    CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/studies/columns.py [--flows FILE] [--splits 3]

A random forest learns the benign flows of the training networks and, in five folds, the attacks of four fifths of the
attack networks; it is judged as the detectors are, on the rest. Every capture weighs the same, and so does every class.
Where it fails as well, what the columns tell of one network does not hold on another.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from clan.evaluate.recordings import FIGURES, CaptureSplit, judge_captures, read_recordings, split_by_network
from clan.schema import features_of

CHOICES = (("flow", "context"), ("flow", "context", "payload"))
FOLDS = 5
MOST = 100
"""Flows of a capture that are learnt, or judged of an attack, evenly from first to last."""

Floats = NDArray[np.float64]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flows", type=Path, help="Parquet of the flow table, as p3.py keeps it")
    parser.add_argument("--splits", type=int, default=3)
    wanted = parser.parse_args()
    if wanted.flows is None and "CLAN_TEST_DATA" not in os.environ:
        sys.exit("CLAN_TEST_DATA is not set: the study reads its captures from there")
    if wanted.flows:
        flows = pl.read_parquet(wanted.flows)
    else:
        flows = read_recordings(Path(os.environ["CLAN_TEST_DATA"]) / "captures")
    print(f"| features | {' | '.join(FIGURES)} |\n{'|---' * (1 + len(FIGURES))}|")
    for groups in CHOICES:
        found = [judge(split_by_network(flows, seed), groups, seed) for seed in range(wanted.splits)]
        cells = [np.array([each[name] for each in found], dtype=np.float64) for name in FIGURES]
        told = " | ".join(
            f"{cell.mean():.3f}" + (f" ± {cell.std(ddof=1):.3f}" if cell.size > 1 else "") for cell in cells
        )
        print(f"| {'+'.join(groups)} | {told} |", flush=True)


def judge(split: CaptureSplit, groups: Sequence[str], seed: int) -> dict[str, object]:
    """Give the figures of one split."""
    train, attack = thinned(split.train), thinned(split.attack)
    names = [f.name for f in features_of(groups)]
    normal, benign, odd = (_values(part, names) for part in (train, split.benign, attack))
    networks, place = np.unique(attack["network"].to_numpy(), return_inverse=True)
    fold = (np.random.default_rng(seed).permutation(len(networks)) % FOLDS)[place]
    weight, weights = _weights(train), _weights(attack, by_class=True)
    benign_scores, attack_scores = np.zeros(len(benign)), np.zeros(len(odd))
    for number in range(FOLDS):
        known = fold != number
        forest = RandomForestClassifier(300, min_samples_leaf=2, random_state=seed)
        forest.fit(
            np.concatenate([normal, odd[known]]),
            np.repeat([0, 1], [len(normal), known.sum()]),
            np.concatenate([weight / weight.sum(), weights[known] / weights[known].sum()]) * len(normal),
        )
        benign_scores += forest.predict_proba(benign)[:, 1] / FOLDS
        attack_scores[~known] = forest.predict_proba(odd[~known])[:, 1]
    return judge_captures(split.benign, attack, benign_scores, attack_scores)


def thinned(flows: pl.DataFrame) -> pl.DataFrame:
    """Take at most `MOST` flows of each capture."""
    step = (pl.len().over("capture") - 1) // MOST + 1
    return flows.filter(pl.int_range(pl.len()).over("capture") % step == 0)


def _values(flows: pl.DataFrame, names: list[str]) -> Floats:
    """Take the columns, null as -1, which no count is."""
    return flows.select(pl.col(names).cast(pl.Float64).fill_null(-1.0).clip(-1e12, 1e12)).to_numpy()


def _weights(flows: pl.DataFrame, *, by_class: bool = False) -> Floats:
    """Weigh flows so that each capture weighs the same, and then each class."""
    weight = 1 / pl.len().over("capture")
    if by_class:
        weight /= pl.col("capture").n_unique().over("label")
    return flows.select(weight.alias("weight"))["weight"].to_numpy()


if __name__ == "__main__":
    main()
