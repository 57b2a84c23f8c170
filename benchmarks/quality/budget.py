"""Does the alert budget hold? False positives of ClanDetector over random halvings of benign flows.

    CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/budget.py [--halvings 200] [--scorer NAME] [--epochs N]

Each time half of the benign flows of the corrected CIC-IDS2017 train a detector, which sets its threshold by itself
(cross-conformal, then refitted on all of its rows); the other half is scored, and its false positives are compared with
the 95 % prediction interval that the detector states. Everything is the default but for --epochs (fewer, for speed) and
what is asked for on the command line.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl

from clan.detect import ClanDetector
from clan.evaluate import read_dataset


def halve(seed: int, options: argparse.Namespace) -> tuple[int, int, int, int]:
    """Train on one random half, score the other; gives alerts, the stated interval and the flows scored."""
    benign = benign_flows()
    order = np.random.default_rng(seed).permutation(benign.height)
    train, test = benign[order[: len(order) // 2]], benign[order[len(order) // 2 :]]
    detector = ClanDetector(
        fpr=options.fpr, scorer=options.scorer, epochs=options.epochs, n_folds=options.n_folds, random_state=seed
    ).fit(train)
    alerts = int((detector.predict(test) == -1).sum())
    return alerts, *detector.calibration_.prediction_interval(test.height), test.height


@cache
def benign_flows() -> pl.DataFrame:
    """Read the benign flows, once in each process."""
    data = read_dataset("cicids2017", Path(os.environ["CLAN_TEST_DATA"]) / "flows" / "cicids2017_improved.csv.gz")
    return data.features.filter(data.labels == data.benign)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three halvings, two epochs: only to see that it runs")
    parser.add_argument("--halvings", type=int, default=200)
    parser.add_argument("--fpr", type=float, default=0.01)
    parser.add_argument("--scorer", default=None)
    parser.add_argument("--epochs", type=int, default=None)
    parser.add_argument("--n-folds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    if options.quick:
        options.halvings, options.epochs = 3, 2
    if "CLAN_TEST_DATA" not in os.environ:
        sys.exit("CLAN_TEST_DATA is not set: the benchmark reads its data sets from there")
    warnings.simplefilter("ignore")
    seeds = range(options.first_seed, options.first_seed + options.halvings)
    runs = []
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        for run in pool.map(partial(halve, options=options), seeds):
            runs.append(run)
            print(f"{len(runs)} halvings, {sum(low <= k <= high for k, low, high, _ in runs)} inside", file=sys.stderr)
    inside = sum(low <= alerts <= high for alerts, low, high, _ in runs)
    rates = np.array([alerts / n for alerts, _, _, n in runs])
    _, low, high, n = runs[-1]
    print(
        "| halvings | inside the stated 95 % interval | stated interval | asked | mean | lowest | highest |\n"
        "|---|---|---|---|---|---|---|\n"
        f"| {len(runs)} | {inside} ({inside / len(runs):.1%}) | {low} to {high} of {n:,} flows | {options.fpr:.2%} | "
        f"{rates.mean():.2%} | {rates.min():.2%} | {rates.max():.2%} |\n\n"
        f"Random halvings of the {benign_flows().height:,} benign flows, from seed {options.first_seed}; "
        f"{'the default epochs' if options.epochs is None else f'{options.epochs} epochs in place of the default 20'}."
    )


if __name__ == "__main__":
    main()
