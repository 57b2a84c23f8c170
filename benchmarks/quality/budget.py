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
from pathlib import Path

import numpy as np

from clan.detect import ClanDetector
from clan.evaluate import read_dataset


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
    options = parser.parse_args()
    if options.quick:
        options.halvings, options.epochs = 3, 2
    if "CLAN_TEST_DATA" not in os.environ:
        sys.exit("CLAN_TEST_DATA is not set: the benchmark reads its data sets from there")
    folder = Path(os.environ["CLAN_TEST_DATA"])
    data = read_dataset("cicids2017", folder / "flows" / "cicids2017_improved.csv.gz")
    benign = data.features.filter(data.labels == data.benign)
    inside, counts, low, high = 0, [], 0, 0
    for seed in range(options.first_seed, options.first_seed + options.halvings):
        order = np.random.default_rng(seed).permutation(benign.height)
        train, test = benign[order[: len(order) // 2]], benign[order[len(order) // 2 :]]
        detector = ClanDetector(
            fpr=options.fpr, scorer=options.scorer, epochs=options.epochs, n_folds=options.n_folds, random_state=seed
        ).fit(train)
        alerts = int((detector.predict(test) == -1).sum())
        low, high = detector.calibration_.prediction_interval(test.height)
        inside += low <= alerts <= high
        counts.append(alerts)
        if len(counts) % 20 == 0:
            print(f"{len(counts)} halvings: {inside} inside; last counts {counts[-20:]}", file=sys.stderr, flush=True)
    rates = np.array(counts) / (benign.height - benign.height // 2)
    print(
        f"{inside} of {len(rates)} halvings ({inside / len(rates):.1%}) inside the stated 95 % interval "
        f"[{low}, {high}] of {benign.height - benign.height // 2} flows; false-positive rate asked {options.fpr:.4f}, "
        f"mean {rates.mean():.4f}, lowest {rates.min():.4f}, highest {rates.max():.4f}"
    )


if __name__ == "__main__":
    main()
