"""Protocol P2 on the corrected CIC-IDS2017: naming from k labelled rows a class, beside trees and a linear model.

    CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/p2.py [--draws 30] [--k 8 32 128 1024] [--csv OUT.csv]

Classes with 100 rows or more, stratified halves, min(k, available) labelled rows a class from the first half, macro F1
on the whole second half. Every model gets the same rows. `+ benign rows` also gets the benign rows of the first half
without a label of its own, as a site has them that trained a detector; the second half is never looked at. Open set:
each attack class in turn is left out of the labelled rows; AUROC of the unknown score, its test rows against those
of all other classes. Extra trees score unknown by what their best class lacks.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from clan.classify import FlowClassifier
from clan.evaluate import CHOOSING, auroc, read_dataset
from clan.evaluate.statistics import paired

Floats = NDArray[np.float64]
Names = NDArray[np.str_]
Fit = Callable[[Floats, Names, Floats, int], Any]

RIVAL = "extra trees"
OPEN_SET_K = 128
BENIGN = "BENIGN"
MIN_ROWS = 100


def namer(x: Floats, y: Names, benign: Floats, seed: int, *, head: str = "trees", further: bool = False) -> Any:
    """FlowClassifier as a user would call it."""
    return FlowClassifier(head=head, random_state=seed).fit(x, y, benign_rows=benign if further else None)


def extra_trees_with_benign(x: Floats, y: Names, benign: Floats, seed: int) -> Any:
    """The rival with the same further rows, every class weighing the same."""
    trees = ExtraTreesClassifier(300, class_weight="balanced", random_state=seed)
    return trees.fit(np.concatenate([x, benign]), np.append(y, np.full(len(benign), BENIGN)))


def linear(x: Floats, y: Names, benign: Floats, seed: int) -> Any:  # noqa: ARG001 - the others use them
    """Logistic regression on signed-log columns."""
    signed_log = FunctionTransformer(lambda v: np.sign(v) * np.log1p(np.abs(v)))
    return make_pipeline(signed_log, StandardScaler(), LogisticRegression(max_iter=500)).fit(x, y)


MODELS: dict[str, Fit] = {
    RIVAL: lambda x, y, benign, seed: ExtraTreesClassifier(300, random_state=seed).fit(x, y),  # noqa: ARG005
    "FlowClassifier": namer,
    "FlowClassifier + benign rows": lambda *draw: namer(*draw, further=True),
    "extra trees + benign rows": extra_trees_with_benign,
    "random forest": lambda x, y, benign, seed: RandomForestClassifier(300, random_state=seed).fit(x, y),  # noqa: ARG005
    "logistic regression": linear,
    "FlowClassifier(linear) + benign rows": lambda *draw: namer(*draw, head="linear", further=True),
    "FlowClassifier(prototypes) + benign rows": lambda *draw: namer(*draw, head="prototypes", further=True),
}


class Draw:
    """One draw: k labelled rows a class and the benign rows of the first half, and the second half to test."""

    def __init__(self, x: Floats, y: Names, k: int, seed: int) -> None:
        first, second = train_test_split(np.arange(len(y)), test_size=0.5, stratify=y, random_state=seed)
        random = np.random.default_rng([seed, k])
        chosen = np.concatenate([random.permutation(first[y[first] == name])[:k] for name in np.unique(y)])
        self.x, self.y = x[chosen], y[chosen]
        self.benign = x[np.setdiff1d(first[y[first] == BENIGN], chosen)]
        self.x_test, self.y_test = x[second], y[second]


def closed_set(x: Floats, y: Names, ks: list[int], seeds: range) -> list[dict[str, Any]]:
    """Fit and judge every model on every draw."""
    rows = []
    for k in ks:
        for seed in seeds:
            draw = Draw(x, y, k, seed)
            for name, fit in MODELS.items():
                started = time.perf_counter()
                model = fit(draw.x, draw.y, draw.benign, seed)
                fitted = time.perf_counter()
                f1 = f1_score(draw.y_test, model.predict(draw.x_test), average="macro")
                speed = len(draw.x_test) / (time.perf_counter() - fitted)
                rows.append({"model": name, "k": k, "seed": seed, "f1": f1, "fit_s": fitted - started, "speed": speed})
    return rows


def open_set(x: Floats, y: Names, seeds: range) -> list[dict[str, Any]]:
    """Leave each attack class out in turn."""
    rows = []
    for seed in seeds:
        draw = Draw(x, y, OPEN_SET_K, seed)
        for left_out in np.unique(y[y != BENIGN]):
            known, strange = draw.y != left_out, draw.y_test == left_out
            ours = namer(draw.x[known], draw.y[known], draw.benign, seed, further=True)
            trees = ExtraTreesClassifier(300, random_state=seed).fit(draw.x[known], draw.y[known])
            lacking = 1 - trees.predict_proba(draw.x_test).max(axis=1)
            for name, score in (("FlowClassifier + benign rows", ours.unknown_score(draw.x_test)), (RIVAL, lacking)):
                found = {"seed": seed, "class": str(left_out), "auroc": auroc(score[~strange], score[strange])}
                if name != RIVAL:
                    found["called_unknown"] = float((score[~strange] > ours.unknown_threshold_).mean())
                    found["found"] = float((score[strange] > ours.unknown_threshold_).mean())
                rows.append({"model": name, **found})
    return rows


def show_closed(rows: list[dict[str, Any]], ks: list[int], n_draws: int) -> None:
    """Print macro F1 and its difference to the rival."""
    table = pl.DataFrame(rows)
    print(
        "| macro F1 | " + " | ".join(f"k = {k}" for k in ks) + " | fit | flows/s |\n|---" + "|---" * (len(ks) + 2) + "|"
    )
    for name in MODELS:
        cells = []
        for k in ks:
            own, rival = (table.filter(model=other, k=k).sort("seed")["f1"].to_numpy() for other in (name, RIVAL))
            test = paired(own, rival)
            span = "" if test.t_interval is None else f", {test.t_interval[0]:+.4f} to {test.t_interval[1]:+.4f}"
            beside = "" if name == RIVAL else f" ({test.difference:+.4f}{span})"
            cells.append(f"{own.mean():.4f}{beside}")
        last = table.filter(model=name, k=ks[-1])
        print(
            f"| {name} | "
            + " | ".join(cells)
            + f" | {np.median(last['fit_s'].to_numpy()):.1f} s | {np.median(last['speed'].to_numpy()):,.0f} |"
        )
    print(f"\n{n_draws} draws. In brackets: difference to {RIVAL} on the same draws and its 95 % interval (paired t;")
    print(f"draws share rows, so it is somewhat too narrow). Time to fit and speed at k = {ks[-1]}.\n")


def show_open(rows: list[dict[str, Any]], n_draws: int) -> None:
    """Print AUROC of unknown for each class left out."""
    table = pl.DataFrame(rows)
    models = table["model"].unique(maintain_order=True).to_list()
    print("| left out | " + " | ".join(f"AUROC, {name}" for name in models) + " | its rows called unknown |")
    print("|---" * (len(models) + 2) + "|")
    classes = table["class"].unique(maintain_order=True).to_list()
    chosen = set(CHOOSING["cicids2017"])
    for label, group in [
        *((name, [name]) for name in classes),
        ("**mean**", classes),
        ("mean of the choosing classes", [name for name in classes if name in chosen]),
        ("mean of the others", [name for name in classes if name not in chosen]),
    ]:
        part = table.filter(pl.col("class").is_in(group))
        means = [part.filter(model=name)["auroc"].to_numpy().mean() for name in models]
        print(
            f"| {label} | "
            + " | ".join(f"{mean:.3f}" for mean in means)
            + f" | {part['found'].drop_nulls().to_numpy().mean():.2f} |"
        )
    share = table["called_unknown"].drop_nulls().to_numpy().mean()
    print(
        f"\n{n_draws} draws, k = {OPEN_SET_K}. Of the known test flows {share:.1%} were called unknown; 5 % was asked."
    )


def main() -> None:
    """Run and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two draws of k = 8: only to see that it runs")
    parser.add_argument("--draws", type=int, default=30)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--open-draws", type=int, default=3)
    parser.add_argument("--k", type=int, nargs="+", default=[8, 32, 128, 1024])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=None, help="only these, and the rival")
    parser.add_argument("--csv", type=Path, default=None, help="also write every run to this file")
    options = parser.parse_args()
    if options.quick:
        options.draws, options.open_draws, options.k = 2, 0, [8]
    if "CLAN_TEST_DATA" not in os.environ:
        sys.exit("CLAN_TEST_DATA is not set: the benchmark reads its data sets from there")
    for name in set(MODELS) - {RIVAL, *(options.models or MODELS)}:
        del MODELS[name]
    data = read_dataset("cicids2017", Path(os.environ["CLAN_TEST_DATA"]) / "flows" / "cicids2017_improved.csv.gz")
    x, y = data.features.to_numpy(), data.labels.to_numpy().astype(str)
    names, counts = np.unique(y, return_counts=True)
    kept = np.isin(y, names[counts >= MIN_ROWS])
    x, y = x[kept], y[kept]
    if options.draws:
        rows = closed_set(x, y, options.k, range(options.first_seed, options.first_seed + options.draws))
        show_closed(rows, options.k, options.draws)
        if options.csv:
            pl.DataFrame(rows).write_csv(options.csv)
    if options.open_draws:
        show_open(
            open_set(x, y, range(options.first_seed, options.first_seed + options.open_draws)), options.open_draws
        )


if __name__ == "__main__":
    main()
