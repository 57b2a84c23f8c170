"""P3: real captures of many networks, every capture weighing the same, beside two trivial baselines."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.counted import counted
from clan.errors import ClanError
from clan.evaluate.benchmarks.base import Benchmark
from clan.evaluate.contenders import choose
from clan.evaluate.machine import provenance
from clan.evaluate.measure import KEY
from clan.evaluate.recordings import FIGURES, CaptureSplit, judge_captures, read_recordings
from clan.evaluate.recordings.split import split_by_network, split_by_time
from clan.evaluate.results import Results
from clan.evaluate.rivals import Rival
from clan.evaluate.runner import BenchOptions, Library
from clan.schema import IDENTITY, features_of

FEATURES: Final = (("flow", "context", "payload"), ("flow", "context"), ("flow",))
"""The groups that each detector is given, one condition each."""
BASELINES: Final = ("position", "count")
"""What needs no detector: how many flows of its capture came before a flow, and how many there are in all."""
PORTABLE: Final = "clan:portable"
USUAL: Final = ("isolation_forest", "nearest_neighbour", PORTABLE, "clan")
SHOWN: Final = (
    ("count", ""),
    ("clan", "flow+context"),
    (PORTABLE, "flow+context"),
    (PORTABLE, "flow+context+payload"),
)
"""Detectors and features whose parts and classes the table shows."""
KNOWN: Final = "known networks"
"""Condition in which the first part of each long benign capture trains and the rest is tested."""
PARTS: Final = ("choosing", "reporting", "steady")
FIELDS: Final = (
    *KEY,
    "family",
    *FIGURES,
    *(f"{part}_{figure}" for part in PARTS for figure in FIGURES),
    "n_train",
    "n_benign",
    "n_attack",
    "training_s",
    "by_class",
    "by_capture",
    "notes",
    "finished",
    "clan_version",
    "commit",
    "machine",
    "libraries",
)

Floats = NDArray[np.float64]


def run(library: Library, names: Sequence[str], options: BenchOptions, results: Results) -> None:
    """Make the runs: each split, each choice of feature groups, each detector."""
    options.tell(
        f"a run for each of {counted(len(options.seeds) + 1, 'split')}, {counted(len(FEATURES), 'choice')} of features "
        f"and {counted(len(options.detectors), 'detector')}, kept in {results.place}"
    )
    for name in names:
        run_table(name, read_recordings(library.paths[name]), options, results)


def run_table(name: str, flows: pl.DataFrame, options: BenchOptions, results: Results) -> None:
    """Make the runs on flows as `read_recordings` gives them."""
    for seed in options.seeds:
        run_split(name, partial(split_by_network, flows, seed), "", seed, options, results)
    run_split(name, partial(split_by_time, flows), KNOWN, options.seeds[0], options, results)


def run_split(
    name: str, split: Callable[[], CaptureSplit], condition: str, seed: int, options: BenchOptions, results: Results
) -> None:
    """Make the runs of one split that the results lack."""
    split_made: CaptureSplit | None = None
    plans: list[tuple[str, Rival | None, Sequence[str]]] = [(each, None, ()) for each in BASELINES]
    plans += [
        (rival.name, rival, groups)
        for groups in FEATURES
        for rival in options.detectors
        if rival.name != PORTABLE or "context" in groups  # without context it is clan
    ]
    for detector, rival, groups in plans:
        told = ", ".join(filter(None, (condition, "+".join(groups))))
        run = {
            "benchmark": "captures",
            "dataset": name,
            "condition": told,
            "detector": detector,
            "family": rival.family if rival else "baseline",
            "width": options.width,
            "epochs": options.epochs,
            "seed": seed,
        }
        if run in results:
            continue
        split_made = split_made or split()
        where = " ".join(filter(None, (told, f"seed {seed}", detector)))
        try:
            found = _measure(split_made, rival, groups, detector, seed, options)
        except ClanError as error:
            options.tell(f"{where}: left out, {error}")
            continue
        results.append(run | found | provenance())
        options.tell(f"{where}: " + ", ".join(f"{figure} {found[figure]:.3f}" for figure in FIGURES))


def _measure(
    split: CaptureSplit, rival: Rival | None, groups: Sequence[str], name: str, seed: int, options: BenchOptions
) -> dict[str, object]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        started = time.perf_counter()
        if rival is None:
            scores = [part[name].to_numpy() for part in (split.benign, split.attack)]
        else:
            scores = _scores(split, rival, groups, seed, options)
        training_s = time.perf_counter() - started
    notes = "; ".join(dict.fromkeys(str(warning.message) for warning in caught))
    return judge_captures(split.benign, split.attack, *scores) | {
        "n_train": split.train.height,
        "n_benign": split.benign.height,
        "n_attack": split.attack.height,
        "training_s": training_s,
        "notes": notes[:1000],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _scores(split: CaptureSplit, rival: Rival, groups: Sequence[str], seed: int, options: BenchOptions) -> list[Floats]:
    """Fit a detector and score; ours as a user has it, with unknown values, the rivals with medians in their place."""
    names = [f.name for f in features_of(groups) if split.train[f.name].null_count() < split.train.height]
    made = rival.make(seed=seed, width=options.width, epochs=options.epochs)
    if rival.family == "clan":
        columns = [*IDENTITY, *(f.name for f in features_of(groups))]
        tables = [part.select(columns) for part in split]
    else:
        middle = split.train.select(pl.col(names).cast(pl.Float64).median())
        tables = [
            part.select(pl.col(name).cast(pl.Float64).fill_null(middle[name][0]) for name in names) for part in split
        ]
    made.fit(tables[0])
    return [np.asarray(made.anomaly_score(table), dtype=np.float64) for table in tables[1:]]


def table(runs: pl.DataFrame) -> str:
    """Write the figures of all, then of the halves of networks and the classes for some."""
    runs = runs.with_columns(pl.col("condition").cast(pl.String).fill_null(""))
    lines = ["| features | detector | splits | " + " | ".join(FIGURES) + " |", "|---" * (3 + len(FIGURES)) + "|"]
    for key, own in runs.group_by("condition", "detector", maintain_order=True):
        condition, detector = map(str, key)
        figures = " | ".join(_mean(own[figure]) for figure in FIGURES)
        lines.append(f"| {condition} | {detector} | {own.height} | {figures} |")
    shown = {
        f"{detector} {condition}".strip(): own
        for detector, condition in SHOWN
        if (own := runs.filter((pl.col("detector") == detector) & (pl.col("condition") == condition))).height
    }
    lines += ["", "Halves of the networks, and without the captures whose clocks cannot be trusted (steady):", ""]
    lines += ["| detector | captures | " + " | ".join(FIGURES) + " |", "|---" * (2 + len(FIGURES)) + "|"]
    for name, own in shown.items():
        for part in PARTS:
            figures = " | ".join(_mean(own[f"{part}_{figure}"]) for figure in FIGURES)
            lines.append(f"| {name} | {part} | {figures} |")
    return "\n".join([*lines, "", *_class_table(shown)])


def _class_table(shown: Mapping[str, pl.DataFrame]) -> list[str]:
    """Write AUROC and recall of each class by each detector, means over the splits."""
    found = {name: [json.loads(text) for text in own["by_class"]] for name, own in shown.items()}
    lines = ["AUROC, recall at 1 % false positives:", "", f"| class | captures | flows | {' | '.join(found)} |"]
    lines.append("|---" * (3 + len(found)) + "|")
    for label in sorted({label for splits in found.values() for classes in splits for label in classes}):
        rows = {name: [classes[label] for classes in splits if label in classes] for name, splits in found.items()}
        known = next(each for each in rows.values() if each)
        cells = [f"{np.mean([r[0] for r in own]):.2f}, {np.mean([r[1] for r in own]):.2f}" for own in rows.values()]
        lines.append(f"| {label} | {known[0][2]} | {known[0][3]:,} | {' | '.join(cells)} |")
    return lines


def capture_table(runs: pl.DataFrame) -> pl.DataFrame:
    """Give a line for each run and attack capture: flows, highest score, share flagged, flows until the first alert."""
    parts = [
        pl.DataFrame(json.loads(row["by_capture"]), infer_schema_length=None).select(
            pl.lit(row["condition"]).alias("condition"),
            pl.lit(row["detector"]).alias("detector"),
            pl.lit(row["seed"]).alias("seed"),
            pl.col("capture", "label", "flows", "highest", "flagged"),
            pl.col("first_alert").cast(pl.Int64),
        )
        for row in runs.iter_rows(named=True)
    ]
    return pl.concat(parts, how="vertical_relaxed")


def _mean(values: pl.Series) -> str:
    known = values.drop_nulls().cast(pl.Float64, strict=False).to_numpy()
    if not known.size:
        return "-"
    spread = f" ± {known.std(ddof=1):.3f}" if known.size > 1 else ""
    return f"{known.mean():.3f}{spread}"


def _choose(names: Sequence[str] | None) -> list[Rival]:
    """Choose contenders by name; without names those that the protocol compares."""
    return choose(names) if names else [each for each in choose(USUAL) if each.name in USUAL]


CAPTURES = Benchmark(
    name="captures",
    title="real captures of many networks, each weighing the same, beside counting flows",
    run=run,
    table=table,
    picture=None,
    fields=FIELDS,
    choose=_choose,
    folder="captures",
)
