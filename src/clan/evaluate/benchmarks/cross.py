"""Train on one data set, test on another, with the columns that mean the same in both."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from clan.evaluate.benchmarks.base import Benchmark
from clan.evaluate.datasets import dataset
from clan.evaluate.protocols import Split, cross_split
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Case, Library, run_cases


def run(library: Library, names: Sequence[str], options: BenchOptions, results: Results) -> None:
    """Make the runs: every data set tested by training on every other."""
    cases = [
        Case(
            dataset=target,
            condition=f"trained on {dataset(source).title}",
            split=partial(_split, library, source, target),
        )
        for target in names
        for source in names
        if source != target
    ]
    run_cases("cross", library, cases, options, results)


def _split(library: Library, source: str, target: str, seed: int) -> Split:
    rows = dataset(target).min_class_rows
    return cross_split(library.get(source), library.get(target), seed, min_class_rows=rows)


CROSS = Benchmark(name="cross", title="trained on one data set, tested on another, common columns only", run=run)
