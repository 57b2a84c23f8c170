"""What all studies share: thinned choosing data, and one line of a table for each variant.

Settings are chosen on UNSW-NB15, NSL-KDD and four classes of the corrected CIC-IDS2017. The other classes of the latter
are not even read here, so that no study can choose on them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clan.detect.model import fit_model
from clan.detect.presets import preset
from clan.evaluate.datasets import dataset, find_datasets, read_dataset
from clan.evaluate.metrics import auroc, threshold_at_fpr
from clan.evaluate.protocols import benign_split

TRAIN_ROWS, BENIGN_ROWS, ATTACK_ROWS = 6000, 3000, 300
"""At most so many rows to train on, and to test of the benign class and of each attack class: enough to choose by."""

Floats = NDArray[np.float64]
Scores = Callable[[Floats, Floats, int], Floats]
"""(training rows, test rows, seed) -> scores of the test rows, higher = more anomalous."""


@cache
def choosing_split(name: str, seed: int) -> tuple[Floats, Floats, NDArray[np.str_], str]:
    """Give training rows, test rows, the classes of these, and the benign class's name."""
    kind = dataset(name)
    path = find_datasets(Path(os.environ["CLAN_TEST_DATA"]) / "flows")[name]
    split = benign_split(_read(name, path), seed, min_class_rows=kind.min_class_rows)
    random = np.random.default_rng(seed)
    kept = []
    for label in np.unique(split.labels):
        rows = np.flatnonzero(split.labels == label)
        if label == split.benign:
            kept.append(random.permutation(rows)[:BENIGN_ROWS])
        elif kind.choosing is None or label in kind.choosing:
            kept.append(random.permutation(rows)[:ATTACK_ROWS])
    test = np.concatenate(kept)
    train = random.permutation(split.train.height)[:TRAIN_ROWS]
    return split.train.to_numpy()[train], split.test.to_numpy()[test], split.labels[test], split.benign


_read = cache(read_dataset)


def default_with(scorer: str = "prototypes", **changes: Any) -> Scores:
    """Score by the default with another scorer, or other settings of the training."""

    def score(train: Floats, test: Floats, seed: int) -> Floats:
        return fit_model(train, preset("default").changed(scorer=scorer, train=changes), seed=seed).score(test)

    return score


def judge(scores: Floats, labels: NDArray[np.str_], benign: str) -> tuple[float, float]:
    """Macro AUROC, and mean recall at 1 % false positives."""
    low = scores[labels == benign]
    limit = threshold_at_fpr(low, 0.01)
    high = [scores[labels == label] for label in np.unique(labels) if label != benign]
    return float(np.mean([auroc(low, each) for each in high])), float(np.mean([(each > limit).mean() for each in high]))


def study(description: str, variants: Mapping[str, Scores]) -> None:
    """Run every variant on every choosing set and print a table, as each line is done."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="the first variant only: does it run")
    wanted = parser.parse_args()
    if "CLAN_TEST_DATA" not in os.environ:
        sys.exit("CLAN_TEST_DATA is not set: the studies read their data sets from there")
    warnings.simplefilter("ignore")
    names = ("cicids2017", "nsl_kdd", "unsw_nb15")
    print(f"{description}\n")
    print(
        f"| variant | {' | '.join(dataset(name).title for name in names)} | mean |\n|---|" + "---|" * (len(names) + 1)
    )
    for variant, score in list(variants.items())[: 1 if wanted.quick else None]:
        started, figures = time.monotonic(), []
        for name in names:
            runs = []
            for seed in range(wanted.seeds):
                train, test, labels, benign = choosing_split(name, seed)
                runs.append(judge(score(train, test, seed), labels, benign))
            figures.append(np.mean(runs, axis=0))
        cells = [f"{area:.3f} / {recall:.2f}" for area, recall in [*figures, np.mean(figures, axis=0)]]
        print(f"| {variant} | {' | '.join(cells)} |", flush=True)
        print(f"{variant}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    print(
        f"\nMacro AUROC / mean recall at 1 % false positives over the choosing classes, {wanted.seeds} seed(s); at "
        f"most {TRAIN_ROWS:,} rows to train, {ATTACK_ROWS} of a class and {BENIGN_ROWS:,} benign ones to test."
    )
