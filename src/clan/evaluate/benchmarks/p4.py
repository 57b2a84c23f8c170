"""P4, the published protocol: half of each class, rare classes as zero-day attacks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import polars as pl

from clan.evaluate.benchmarks.base import Benchmark
from clan.evaluate.contenders import OURS
from clan.evaluate.protocols import Split, stratified_split
from clan.evaluate.published import PUBLISHED, published_table
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Case, Library, run_cases
from clan.evaluate.table import markdown


def run(library: Library, names: Sequence[str], options: BenchOptions, results: Results) -> None:
    """Make the runs."""
    cases = [Case(dataset=name, condition="", split=partial(_split, library, name)) for name in names]
    run_cases("p4", library, cases, options, results)


def table(runs: pl.DataFrame, *, against: str = OURS) -> str:
    """Write our tables, and the published figures for the data set that they are of."""
    ours = markdown(runs, against=against)
    return f"{ours}\n\n{published_table()}" if PUBLISHED.dataset in set(runs["dataset"]) else ours


def _split(library: Library, name: str, seed: int) -> Split:
    return stratified_split(library.get(name), seed)


P4 = Benchmark(
    name="p4", title="the published protocol, beside the published figures", run=run, table=table, datasets=("lycos",)
)
