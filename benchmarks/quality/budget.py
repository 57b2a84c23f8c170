"""Does the alert budget hold, and is it noticed when it does not?

    CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/budget.py [--halvings 200] [--datasets NAME,...]
        [--scorer feature_prototypes|default] [--time] [--quick]

Each time a random half of the benign flows of a data set trains a detector, which sets its threshold by itself
(cross-conformal, then refitted on all of its rows); the other half is scored, and its false positives are compared with
the 95 % prediction interval that the detector states, at 1 % and at 0.1 %. Flows are halved at random, so times and
streams are taken out: the interval is stated for flows that are exchangeable.

In the first 20 of them the other half is a stream for `clan.drift.Holding`: left as it is (does it cry wolf?), and
drifted from its middle on, every feature times 1.5 or 3, or a third of the flows from the data set's attacks (how many
flows until it is noticed?).

--time: splits in the order of time, streams and times known. Trained on a stretch, tested on the next as long; coverage
is counted, not promised, and the rate has a block-bootstrap interval.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.calibrate import Budget
from clan.detect import ClanDetector
from clan.drift import Holding
from clan.errors import DataError
from clan.evaluate import read_dataset
from clan.sources import read_flows

MOST = 2200
"""Benign flows of a data set that are halved, drawn at random: 200 trainings a data set have to be paid for."""

DRIFTED = 20
"""Halvings whose streams are drifted too."""

LEVELS = (0.01, 0.001)
DRIFTS = ("undrifted", "x 1.5", "x 3", "a third attacks")
SAMPLES = Path(__file__).parents[2] / "samples"
IDENTITY_ONLY = ("uid", "ts_start", "ts_end")
Bools = NDArray[np.bool_]


@dataclass
class Benign:
    """Benign flows, and attacks of the same data set where it has any."""

    flows: pl.DataFrame
    attacks: pl.DataFrame


@dataclass
class Tally:
    """What the halvings of one data set gave."""

    counts: dict[float, list[tuple[int, int, int, int]]] = field(
        default_factory=lambda: {level: [] for level in LEVELS}
    )
    delays: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in DRIFTS})


def labelled(name: str, place: str) -> Callable[[Path], Benign]:
    """Give the reader of a data set of the literature."""

    def read(data: Path) -> Benign:
        found = read_dataset(name, data / "flows" / place)
        features = found.features if found.times is None else found.features.with_columns(_times=found.times)
        return Benign(
            features.filter(found.labels == found.benign), found.features.filter(found.labels != found.benign)
        )

    return read


def captures(data: Path) -> Benign:
    """Read the benign captures."""
    flows = read_flows(data / "captures" / "benign")
    return Benign(flows, flows.clear())


def sample(name: str) -> Callable[[Path], Benign]:
    """Give the reader of one of the project's samples."""

    def read(_: Path) -> Benign:
        flows = read_flows(SAMPLES / f"{name}-benign.pcapng.zst")
        return Benign(flows, flows.clear())

    return read


def zeek(data: Path) -> Benign:
    """Read the connections of a labelled day."""
    flows = read_flows(data / "flows/zeek/008-mixed/data/conn.log.labeled")
    benign = flows["label"].str.to_lowercase() == "benign"
    return Benign(flows.filter(benign), flows.filter(flows["label"].str.to_lowercase() == "malicious"))


DATASETS: Mapping[str, Callable[[Path], Benign]] = {
    "CIC-IDS2017": labelled("cicids2017", "cicids2017_improved.csv.gz"),
    "UNSW-NB15": labelled("unsw_nb15", "unsw_nb15"),
    "NSL-KDD": labelled("nsl_kdd", "nsl_kdd"),
    "sample alpha": sample("alpha"),
    "sample beta": sample("beta"),
    "Zeek 008": zeek,
    "benign captures": captures,
}


def exchangeable(flows: pl.DataFrame) -> pl.DataFrame:
    """Take out what would have rows held out together."""
    if "_times" in flows.columns:
        return flows.drop("_times")
    if "uid" not in flows.columns:
        return flows
    unknown = [pl.lit(None, flows[c].dtype).alias(c) for c in ("ts_start", "ts_end")]
    return flows.drop("source", "src_ip", "dst_ip").with_columns(unknown)


def fit(train: pl.DataFrame, options: argparse.Namespace, seed: int) -> ClanDetector:
    """Train with the default budget of 1 %."""
    scorer = None if options.scorer == "default" else options.scorer
    return ClanDetector(fpr=LEVELS[0], scorer=scorer, epochs=options.epochs, random_state=seed).fit(train)


def halve(data: Benign, options: argparse.Namespace, seed: int, tally: Tally) -> None:
    """Train on one random half, and count on the other."""
    rows = np.random.default_rng(seed).permutation(data.flows.height)[:MOST]
    half = len(rows) // 2
    flows = exchangeable(data.flows)
    detector = fit(flows[rows[:half]], options, seed)
    test = flows[rows[half:]]
    scored = judged(detector, test)
    for level in LEVELS:
        try:
            calibration = detector.calibration_.with_budget(Budget(fpr=level))
        except DataError:
            continue
        alerts = int((scored["anomaly_score"].to_numpy() >= calibration.threshold).sum())
        tally.counts[level].append((alerts, *calibration.prediction_interval(test.height), test.height))
    for name in DRIFTS if seed - options.first_seed < DRIFTED else ():
        tally.delays[name].append(delay(detector, scored, drifted(test, data.attacks, name, seed)))


def judged(detector: ClanDetector, flows: pl.DataFrame) -> pl.DataFrame:
    """Score a table of any kind."""
    score, p_value = detector.score_and_p_value(flows)
    return flows.with_columns(anomaly_score=score, p_value=p_value)


def drifted(test: pl.DataFrame, attacks: pl.DataFrame, name: str, seed: int) -> pl.DataFrame | None:
    """Give the second half of a stream after a change; None where the data set has nothing for it."""
    later = test[test.height // 2 :]
    if name == "undrifted":
        return later
    if name.startswith("x"):
        numeric = [c for c, kind in later.schema.items() if kind.is_numeric() and c not in IDENTITY_ONLY]
        return later.with_columns((pl.col(numeric) * float(name[2:])).cast(pl.Float64))
    if not attacks.height:
        return None
    drawn = attacks.select(later.columns) if set(later.columns) <= set(attacks.columns) else exchangeable(attacks)
    drawn = drawn.select(later.columns).sample(later.height, with_replacement=True, seed=seed)
    take = pl.Series(np.random.default_rng(seed).uniform(size=later.height) < 1 / 3)
    return pl.concat([later.filter(~take), drawn.filter(take)], how="vertical_relaxed").sample(
        fraction=1, shuffle=True, seed=seed
    )


def delay(detector: ClanDetector, scored: pl.DataFrame, later: pl.DataFrame | None) -> float:
    """Flows after the middle of a stream until Holding advises anything; infinite where it never does, NaN for none."""
    if later is None:
        return float("nan")
    holding, step = Holding(detector), 64
    stream = scored[: scored.height // 2]
    holding.update(stream)
    if holding.state().advice != "none":
        return 0.0
    tail = judged(detector, later)
    for start in range(0, tail.height, step):
        holding.update(tail[start : start + step])
        if holding.state().advice != "none":
            return float(start + step)
    return float("inf")


def in_time(
    data: Benign, options: argparse.Namespace, n_splits: int = 8
) -> list[tuple[int, int, int, int, float, Bools]]:
    """Train on a stretch of time, test on the next as long; alerts, interval, flows, dispersion and which alerted."""
    flows = data.flows
    if "_times" in flows.columns:
        flows = flows.sort("_times").drop("_times")
    elif "ts_start" not in flows.columns or flows["ts_start"].null_count() == flows.height:
        return []
    else:
        flows = flows.sort("ts_start")
    length = min(flows.height // 3, MOST)
    found = []
    for start in np.linspace(0, flows.height - 2 * length, n_splits).astype(int):
        train, test = flows[start : start + length], flows[start + length : start + 2 * length]
        detector = fit(train, options, seed=0)
        alert = detector.anomaly_score(test) >= detector.threshold_
        calibration = detector.calibration_
        interval = calibration.prediction_interval(test.height)
        found.append((int(alert.sum()), *interval, test.height, calibration.dispersion, alert))
    return found


def block_bootstrap(alert: Bools, block: int = 100, draws: int = 2000) -> tuple[float, float]:
    """95 % interval of the rate when stretches of flows, not flows, are drawn again."""
    sums = np.add.reduceat(alert.astype(np.int64), np.arange(0, len(alert), block))
    sizes = np.diff(np.append(np.arange(0, len(alert), block), len(alert)))
    pick = np.random.default_rng(0).integers(len(sums), size=(draws, len(sums)))
    low, high = np.quantile(sums[pick].sum(axis=1) / sizes[pick].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


def tell_halvings(name: str, tally: Tally) -> None:
    """Print a data set's rows of the table of intervals."""
    for level, runs in tally.counts.items():
        if not runs:
            print(f"| {name} | {level:.1%} | too few rows | | | | |", flush=True)
            continue
        inside = sum(low <= k <= high for k, low, high, _ in runs)
        rates = [k / n for k, _, _, n in runs]
        _, low, high, n = runs[-1]
        print(
            f"| {name} | {level:.1%} | {inside} of {len(runs)} ({inside / len(runs):.1%}) | {low} to {high} of {n:,} | "
            f"{np.mean(rates):.2%} | {min(rates):.2%} | {max(rates):.2%} |",
            flush=True,
        )


def tell_drift(tallies: Mapping[str, Tally]) -> None:
    """Print the table of delays."""
    print(
        "\n| data set | undrifted streams with an alarm | "
        + " | ".join(DRIFTS[1:])
        + " |\n"
        + "|---" * (len(DRIFTS) + 1)
        + "|"
    )
    for name, tally in tallies.items():
        cells = [f"{np.isfinite(tally.delays['undrifted']).sum()} of {len(tally.delays['undrifted'])}"]
        for drift in DRIFTS[1:]:
            delays = np.array(tally.delays[drift])
            if np.isnan(delays).all():
                cells.append("no attacks")
                continue
            middle, late = (float(np.quantile(delays, q, method="higher")) for q in (0.5, 0.95))
            cells.append(" / ".join("not noticed" if np.isinf(d) else f"{d:.0f}" for d in (middle, late)))
        print(f"| {name} | {' | '.join(cells)} |")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two halvings, two epochs: only to see that it runs")
    parser.add_argument("--halvings", type=int, default=200)
    parser.add_argument("--datasets", default=",".join(DATASETS))
    parser.add_argument("--scorer", default="feature_prototypes", help="or default, the whole detector")
    parser.add_argument("--epochs", type=int, default=None)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so many, with what there is")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--time", action="store_true", dest="in_time", help="splits in the order of time instead")
    options = parser.parse_args()
    if options.quick:
        options.halvings, options.epochs = 2, 2
    if "CLAN_TEST_DATA" not in os.environ:
        sys.exit("CLAN_TEST_DATA is not set: the benchmark reads its data sets from there")
    warnings.simplefilter("ignore")
    data = Path(os.environ["CLAN_TEST_DATA"])
    if options.in_time:
        print(
            "| data set | splits inside | observed / expected | worst | of its block bootstrap | dispersion |\n"
            + "|---" * 6
            + "|"
        )
    else:
        print(
            "| data set | asked | inside the stated 95 % interval | stated | mean | lowest | highest |\n"
            + "|---" * 7
            + "|"
        )
    known = {name: DATASETS[name](data) for name in options.datasets.split(",")}
    if options.in_time:
        for name, benign in known.items():
            tell_time(name, in_time(benign, options))
    else:
        tallies = halvings(known, options)
        for name, tally in tallies.items():
            tell_halvings(name, tally)
        tell_drift(tallies)
        epochs = "" if options.epochs is None else f", {options.epochs} epochs"
        print(
            f"\nScorer {options.scorer}{epochs}; at most {MOST:,} benign flows of a data set, drawn and halved anew "
            "each time. Second table: flows until Holding advises something, median / 95 % quantile, among the "
            f"{MOST // 4:,} or fewer flows after the change."
        )


def halvings(known: Mapping[str, Benign], options: argparse.Namespace) -> dict[str, Tally]:
    """Halve all data sets in turn, until all is done or the time is up."""
    tallies, end = {name: Tally() for name in known}, time.monotonic() + 60 * options.minutes
    for run in range(options.halvings):
        for name, benign in known.items():
            halve(benign, options, options.first_seed + run, tallies[name])
        print(f"{run + 1} halvings", file=sys.stderr, flush=True)
        if time.monotonic() > end:
            break
    return tallies


def tell_time(name: str, found: list[tuple[int, int, int, int, float, Bools]]) -> None:
    """Print a data set's row of the table in time."""
    if not found:
        print(f"| {name} | no times | | | | |", flush=True)
        return
    inside = sum(low <= k <= high for k, low, high, *_ in found)
    ratios = [k / n / LEVELS[0] for k, _, _, n, *_ in found]
    worst = int(np.argmax(ratios))
    low, high = block_bootstrap(found[worst][-1])
    spread = np.median([each[4] for each in found])
    print(
        f"| {name} | {inside} of {len(found)} | {np.median(ratios):.2f} | {ratios[worst]:.2f} | "
        f"{low / LEVELS[0]:.2f} to {high / LEVELS[0]:.2f} | {spread:.1f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
