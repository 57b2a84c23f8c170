"""What attacks among the training rows cost."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import polars as pl

from clan.evaluate.benchmarks.base import Benchmark
from clan.evaluate.contenders import OURS
from clan.evaluate.datasets import DATASETS, dataset
from clan.evaluate.protocols import Split, dirty_split
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Case, Library, run_cases
from clan.evaluate.table import cells

SHARES = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05)
"""Of attacks among the training rows."""

_WHAT = ("choosing_auroc", "reporting_auroc", "recall_1pct")


def run(library: Library, names: Sequence[str], options: BenchOptions, results: Results) -> None:
    """Make the runs."""
    cases = [
        Case(dataset=name, condition=f"{share:.1%} of attacks in training", split=partial(_split, library, name, share))
        for name in names
        for share in SHARES
    ]
    run_cases("dirty", library, cases, options, results)


def table(runs: pl.DataFrame, *, against: str = OURS) -> str:  # noqa: ARG001 - as all tables are called
    """Write one table a data set: shares of attacks down, detectors across."""
    if not len(runs):
        return "no runs yet"
    parts = []
    for (name,), part in runs.group_by("dataset", maintain_order=True):
        detectors = part["detector"].unique(maintain_order=True).to_list()
        rows = []
        for condition in part["condition"].unique(maintain_order=True):
            here = part.filter(condition=condition)
            rows.append([condition, *(_figures(here.filter(detector=each)) for each in detectors)])
        title = DATASETS[str(name)].title if name in DATASETS else str(name)
        parts += [f"#### {title}", cells(["", *detectors], rows)]
    n = runs["seed"].n_unique()
    note = (
        f"Mean over {n} seed{'s' if n > 1 else ''}: macro AUROC of the choosing classes / of the others, where the "
        "data set has any / mean recall at 1 % false positives. Attacks in training are drawn from all classes alike "
        "and are not tested."
    )
    machines = "; ".join(sorted(set(runs["machine"].cast(pl.String))))
    commits = ", ".join(sorted(set(runs["commit"].cast(pl.String).fill_null("")) - {""}))
    return "\n\n".join([*parts, f"{note} Measured at {commits or 'an unknown commit'} on {machines}."])


def _figures(runs: pl.DataFrame) -> str:
    """Write the means of a detector under one condition; what some run lacks is a dash."""
    shown = []
    for name in _WHAT:
        values = runs[name].cast(pl.Float64, strict=False).drop_nulls()
        shown.append(f"{values.to_numpy().mean():.3f}" if len(values) == len(runs) > 0 else "-")
    return " / ".join(shown)


def _split(library: Library, name: str, share: float, seed: int) -> Split:
    return dirty_split(library.get(name), seed, share=share, min_class_rows=dataset(name).min_class_rows)


DIRTY = Benchmark(name="dirty", title="P1 with 0.1 to 5 % of attacks among the training rows", run=run, table=table)
