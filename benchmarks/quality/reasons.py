"""Deletion test of the reasons: does replacing the named features make an alert normal, where random ones do not?

    CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/reasons.py [--quick] [--sets NAME,...] [--alerts N]

A detector as it comes learns benign flows of each data set. Of its alerts on attacks (true alerts), drawn at random,
the features that `clan.explain` names, with the columns that go with them, are replaced by the values of the benign
flow that is most like the alert, once among the flows that the model keeps and once among *held-out* benign flows,
which neither the model nor the reasons saw. An alert is explained where its score is below the threshold then.

In the same run, on the same alerts and with the same held-out values: as many columns at random, as many families at
random, and clan's first version, the features farthest from their benign range (its five, and as many as are named).
Time is that of the processor, over all threads.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.detect import ClanDetector
from clan.errors import ClanWarning
from clan.evaluate.datasets import read_dataset
from clan.evaluate.sites import BENIGN, SIDE_EFFECT, read_site
from clan.explain import Explainer
from clan.explain.ranges import Ranges

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
SAMPLES = Path(__file__).parents[2] / "samples"
FILES = {"cicids2017": "cicids2017_improved.csv.gz"}
MOST_TRAINING = 5000
DRAWS = 5


@dataclass(frozen=True, kw_only=True)
class Data:
    """Tables of one data set: to learn from, benign flows of neither model nor reasons, and attacks."""

    train: pl.DataFrame
    held_out: pl.DataFrame
    attacks: pl.DataFrame


def lab(groups: tuple[str, ...]) -> Data:
    """Site alpha of the lab: the quiet day, and the day with attacks."""
    days = read_site(SAMPLES, "alpha", groups)
    benign, side = days.labels == BENIGN, days.labels == SIDE_EFFECT
    return Data(
        train=days.quiet,
        held_out=days.mixed.filter(pl.Series(benign)),
        attacks=days.mixed.filter(pl.Series(~(benign | side))),
    )


def literature(name: str) -> Data:
    """A data set of the literature; three fifths of its benign rows to learn from, at most `MOST_TRAINING`."""
    found = read_dataset(name, Path(os.environ["CLAN_TEST_DATA"], "flows", FILES.get(name, name)))
    benign = (found.labels == found.benign).to_numpy()
    rows = np.random.default_rng(0).permutation(np.flatnonzero(benign))
    n = min(MOST_TRAINING, len(rows) * 3 // 5)
    return Data(
        train=found.features[rows[:n]],
        held_out=found.features[rows[n : n + MOST_TRAINING]],
        attacks=found.features.filter(pl.Series(~benign)),
    )


SETS: dict[str, tuple[str, Callable[[], Data]]] = {
    "cicids2017": ("CIC-IDS2017 (corrected)", lambda: literature("cicids2017")),
    "lab": ("lab, flow", lambda: lab(("flow",))),
    "lab_context": ("lab, flow and context", lambda: lab(("flow", "context"))),
    "unsw_nb15": ("UNSW-NB15", lambda: literature("unsw_nb15")),
}


def measure(title: str, data: Data, *, n_alerts: int, epochs: int | None) -> list[str]:
    """Run the test on one data set and give its rows of both tables."""
    detector = ClanDetector(fpr=0.01, epochs=epochs, random_state=0).fit(data.train)
    names = [feature.name for feature in detector.features_]

    def numbers(table: pl.DataFrame) -> Floats:
        return table.select(pl.col(name).cast(pl.Float64) for name in names).to_numpy()

    score, threshold = detector.model_.score, detector.threshold_
    scores = detector.anomaly_score(data.attacks)
    draw = np.random.default_rng(1)
    chosen = np.sort(draw.permutation(np.flatnonzero(scores >= threshold))[:n_alerts])
    alerts, explainer = data.attacks[chosen], Explainer(detector)
    begun = time.process_time()
    found = explainer.explain(alerts, scores[chosen])
    cost = (time.process_time() - begun) / len(found)
    per_alert = explainer.evaluations / len(found)

    flows, others = numbers(alerts), numbers(data.held_out)
    others = others[score(others) < threshold]
    held = others[explainer.scale.nearest(flows, others, 1)[:, 0]]
    place = {name: j for j, name in enumerate(names)}
    named = np.zeros(flows.shape, dtype=np.bool_)
    for row, explanation in enumerate(found):
        for reason in explanation.reasons:
            named[row, [place[name] for name in (reason.feature, *reason.family)]] = True

    def explained(columns: Bools) -> float:
        return float((score(np.where(columns, held, flows)) < threshold).mean())

    kept = np.mean([e.score_without is not None and e.score_without < threshold for e in found])
    n_reasons, n_columns = np.array([len(e.reasons) for e in found]), named.sum(axis=1)
    low, high = explainer.scale.quantile(0.005), explainer.scale.quantile(0.995)
    first = Ranges(features=detector.features_, low=low, high=high, clauses=names)
    order = np.argsort(np.argsort(-first.beside(explainer.scale, flows).rank, axis=1, kind="stable"), axis=1)
    at_random = [draw.random(flows.shape).argsort(axis=1).argsort(axis=1) < n_columns[:, None] for _ in range(DRAWS)]
    families = int(explainer.family.max()) + 1
    by_family = [
        (draw.random((len(flows), families)).argsort(axis=1).argsort(axis=1) < n_reasons[:, None])[:, explainer.family]
        for _ in range(DRAWS)
    ]
    shares = [
        kept,
        explained(named),
        np.mean([explained(columns) for columns in at_random]),
        np.mean([explained(columns) for columns in by_family]),
        explained(order < 5),
        explained(order < n_columns[:, None]),
    ]
    return [
        f"| {title} | {len(found)} | " + " | ".join(f"{share:.1%}" for share in shares) + " |",
        f"| {title} | {len(names)} | {np.median(n_reasons):g} ({np.quantile(n_reasons, 0.9):g}) "
        f"| {np.median(n_columns):g} ({np.quantile(n_columns, 0.9):g}) | {per_alert:.0f} | {1000 * cost:.1f} |",
    ]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the lab alone, two epochs, 20 alerts: does it run")
    parser.add_argument(
        "--sets", default="cicids2017,lab,lab_context,unsw_nb15", help="with commas between: " + ", ".join(SETS)
    )
    parser.add_argument("--alerts", type=int, default=500)
    options = parser.parse_args()
    names = ["lab"] if options.quick else options.sets.split(",")
    if {"cicids2017", "unsw_nb15"} & set(names) and "CLAN_TEST_DATA" not in os.environ:
        sys.exit("CLAN_TEST_DATA must name the folder of the test data")
    warnings.simplefilter("ignore", ClanWarning)
    n_alerts, epochs = (20, 2) if options.quick else (options.alerts, None)
    rows = []
    for name in names:
        title, read = SETS[name]
        rows.append(measure(title, read(), n_alerts=n_alerts, epochs=epochs))
        print(*rows[-1], sep="\n", file=sys.stderr, flush=True)
    print("Explained alerts: those that are normal to the model once columns are replaced.\n")
    print(
        "| data | alerts | named, kept benign flow | named, held-out benign flow | as many columns at random "
        "| as many families at random | first version, its five | first version, as many columns |"
    )
    print("|---|---|---|---|---|---|---|---|")
    print(*(row[0] for row in rows), sep="\n")
    print(
        "\n| data | columns | reasons: median (90 %) | columns with their families: median (90 %) "
        "| rows scored an alert | ms an alert |"
    )
    print("|---|---|---|---|---|---|")
    print(*(row[1] for row in rows), sep="\n")


if __name__ == "__main__":
    main()
