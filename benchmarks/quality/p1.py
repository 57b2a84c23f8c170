"""Protocol P1 on the corrected CIC-IDS2017: ClanDetector beside three plain detectors.

    CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/p1.py [--seeds 5] [--preset default] [--csv OUT.csv]

Half of the 5,000 benign rows train, the other half and every attack test. Settings of the default preset were chosen on
four of the attack classes (and on two other data sets); the other eleven are reported apart.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

from clan.detect import ClanDetector
from clan.encoder import fit_scaler
from clan.evaluate import CHOOSING, Split, auroc_by_class, benign_split, macro, read_dataset, tpr_at_fpr

PASSES = 5
"""Scoring is timed this often and the quickest pass counts: the others tell what else the machine was doing."""

Score = Callable[[pl.DataFrame], NDArray[np.float64]]


def clan_detector(train: pl.DataFrame, seed: int, **settings: Any) -> Score:
    """ClanDetector as a user would call it, threshold included."""
    detector = ClanDetector(random_state=seed, fpr=0.01, **settings).fit(train)
    return lambda table: detector.score_and_p_value(table)[0]


def isolation_forest(train: pl.DataFrame, seed: int) -> Score:
    """200 trees on signed-log, z-scored features."""
    scaler = fit_scaler("signed_log", train.to_numpy())
    forest = IsolationForest(n_estimators=200, random_state=seed).fit(scaler.transform(train.to_numpy()))
    return lambda table: -forest.score_samples(scaler.transform(table.to_numpy()))


def nearest_neighbour(train: pl.DataFrame, seed: int) -> Score:  # noqa: ARG001 - nothing in it is random
    """Distance to the nearest training row."""
    scaler = fit_scaler("signed_log", train.to_numpy())
    neighbours = NearestNeighbors(n_neighbors=1).fit(scaler.transform(train.to_numpy()))
    return lambda table: neighbours.kneighbors(scaler.transform(table.to_numpy()))[0][:, 0]


def prototypes(train: pl.DataFrame, seed: int) -> Score:
    """Distance to the nearest of 256 k-means centres."""
    scaler = fit_scaler("signed_log", train.to_numpy())
    centers = KMeans(256, n_init=1, random_state=seed).fit(scaler.transform(train.to_numpy()))
    return lambda table: centers.transform(scaler.transform(table.to_numpy())).min(axis=1)


def measure(fit: Callable[[pl.DataFrame, int], Score], split: Split, seed: int) -> dict[str, float]:
    """Fit, score and judge one detector."""
    started = time.perf_counter()
    score = fit(split.train, seed)
    training_s = time.perf_counter() - started
    passes_s = []
    for _ in range(PASSES):
        started = time.perf_counter()
        scores = score(split.test)
        passes_s.append(time.perf_counter() - started)
    by_class = auroc_by_class(scores, split.labels, "BENIGN")
    benign = scores[split.labels == "BENIGN"]
    recall = np.mean([tpr_at_fpr(benign, scores[split.labels == name], 0.01) for name in by_class])
    chosen = {name: value for name, value in by_class.items() if name in CHOOSING["cicids2017"]}
    rest = {name: value for name, value in by_class.items() if name not in chosen}
    return {
        "macro": macro(by_class),
        "choosing": macro(chosen),
        "reporting": macro(rest),
        "worst": min(by_class.values()),
        "tpr_1pct": float(recall),
        "training_s": training_s,
        "flows_per_s": len(scores) / min(passes_s),
        **{f"auroc {name}": value for name, value in by_class.items()},
    }


def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one seed, two epochs: only to see that it runs")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--epochs", type=int, default=None, help="in place of the preset's")
    parser.add_argument("--csv", type=Path, default=None, help="also write every run to this file")
    parser.add_argument("--scorers", action="store_true", help="also run ClanDetector's other scorers")
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.epochs = 1, 2
    if "CLAN_TEST_DATA" not in os.environ:
        sys.exit("CLAN_TEST_DATA is not set: the benchmark reads its data sets from there")
    folder = Path(os.environ["CLAN_TEST_DATA"])
    data = read_dataset("cicids2017", folder / "flows" / "cicids2017_improved.csv.gz")
    settings: dict[str, Any] = {"preset": options.preset, "epochs": options.epochs}
    detectors: dict[str, Callable[[pl.DataFrame, int], Score]] = {
        f"ClanDetector ({options.preset})": partial(clan_detector, **settings),
        "isolation forest": isolation_forest,
        "nearest neighbour": nearest_neighbour,
        "256 prototypes": prototypes,
    }
    if options.scorers:
        for name in ("centroid", "embedding_prototypes", "feature_prototypes"):
            detectors[f"  scorer={name}"] = partial(clan_detector, scorer=name, **settings)
    rows = []
    print(
        "| detector | macro AUROC | 4 choosing classes | 11 reporting classes | worst class | TPR@1% | training | "
        "scoring, flows/s |\n|---|---|---|---|---|---|---|---|"
    )
    for name, fit in detectors.items():
        runs = [measure(fit, benign_split(data, seed), seed) for seed in range(options.seeds)]
        rows += [{"detector": name, "seed": seed, **run} for seed, run in enumerate(runs)]
        mean = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
        spread = {key: float(np.std([run[key] for run in runs])) for key in runs[0]}
        print(
            f"| {name} | {mean['macro']:.3f} ± {spread['macro']:.3f} | {mean['choosing']:.3f} ",
            f"| {mean['reporting']:.3f} | {mean['worst']:.2f} | {mean['tpr_1pct']:.2f} ± {spread['tpr_1pct']:.2f} ",
            f"| {mean['training_s']:.1f} s | {mean['flows_per_s']:,.0f} |",
            sep="",
            flush=True,
        )
    print(f"\n{options.seeds} seeds, mean and standard deviation. Settings were chosen on the choosing classes only.")
    if options.csv:
        pl.DataFrame(rows).write_csv(options.csv)


if __name__ == "__main__":
    main()
