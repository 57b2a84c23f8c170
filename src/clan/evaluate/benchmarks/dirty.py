"""What attacks among the training rows cost."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from clan.evaluate.benchmarks.base import Benchmark
from clan.evaluate.datasets import dataset
from clan.evaluate.protocols import Split, dirty_split
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Case, Library, run_cases

SHARES = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05)
"""Of attacks among the training rows."""


def run(library: Library, names: Sequence[str], options: BenchOptions, results: Results) -> None:
    """Make the runs."""
    cases = [
        Case(dataset=name, condition=f"{share:.1%} of attacks in training", split=partial(_split, library, name, share))
        for name in names
        for share in SHARES
    ]
    run_cases("dirty", library, cases, options, results)


def _split(library: Library, name: str, share: float, seed: int) -> Split:
    return dirty_split(library.get(name), seed, share=share, min_class_rows=dataset(name).min_class_rows)


DIRTY = Benchmark(
    name="dirty", title="P1 with 0.1 to 5 % of attacks among the training rows", run=run, datasets=("cicids2017",)
)
