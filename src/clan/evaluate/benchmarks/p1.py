"""P1: half of the benign rows train, the other half and every attack are tested."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from clan.evaluate.benchmarks.base import Benchmark
from clan.evaluate.datasets import dataset
from clan.evaluate.protocols import Split, benign_split
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Case, Library, run_cases


def run(library: Library, names: Sequence[str], options: BenchOptions, results: Results) -> None:
    """Make the runs."""
    cases = [Case(dataset=name, condition="", split=partial(_split, library, name)) for name in names]
    run_cases("p1", library, cases, options, results)


def _split(library: Library, name: str, seed: int) -> Split:
    return benign_split(library.get(name), seed, min_class_rows=dataset(name).min_class_rows)


P1 = Benchmark(name="p1", title="benign-only training, every attack class tested, on each data set", run=run)
