"""Train on the time before the first attack, test on what comes after."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from clan.evaluate.benchmarks.base import Benchmark
from clan.evaluate.protocols import Split, time_split
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Case, Library, run_cases


def run(library: Library, names: Sequence[str], options: BenchOptions, results: Results) -> None:
    """Make the runs; a data set without times is told and left out."""
    cases = []
    for name in names:
        if library.get(name).times is None:
            options.tell(f"{name}: left out, it has no times")
            continue
        cases.append(Case(dataset=name, condition="in order of time", split=partial(_split, library, name)))
    run_cases("time", library, cases, options, results)


def _split(library: Library, name: str, _seed: int) -> Split:
    return time_split(library.get(name))


TIME = Benchmark(name="time", title="trained before the first attack, tested on what comes after", run=run)
