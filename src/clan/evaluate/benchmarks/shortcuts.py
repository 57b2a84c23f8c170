"""How well identifiers alone tell attacks: what a benchmark that leaves them in would really measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import polars as pl
import polars.selectors as cs

from clan.evaluate.benchmarks.base import Benchmark
from clan.evaluate.datasets import Labelled, dataset
from clan.evaluate.protocols import Split, benign_split
from clan.evaluate.results import Results
from clan.evaluate.runner import BenchOptions, Case, Library, run_cases


def run(library: Library, names: Sequence[str], options: BenchOptions, results: Results) -> None:
    """Make the runs: the features as ever, and the identifiers in their place."""
    cases = []
    for name in names:
        cases.append(Case(dataset=name, condition="features", split=partial(_features, library, name)))
        cases.append(Case(dataset=name, condition="identifiers only", split=partial(_identifiers, library, name)))
    run_cases("shortcuts", library, cases, options, results)


def identifiers_as_features(data: Labelled) -> Labelled:
    """Put the identifiers in the features' place: numbers as they are, texts by their place in the alphabet.

    Example:
        >>> data = Labelled(features=pl.DataFrame({"x": [0.0, 0.0]}), labels=pl.Series(["a", "b"]), benign="a",
        ...     identifiers=pl.DataFrame({"ip": ["10.0.0.2", "10.0.0.1"], "port": [80, None]}))
        >>> identifiers_as_features(data).features.rows()
        [(2.0, 80.0), (1.0, 0.0)]
    """
    if data.identifiers is None:
        return data
    numbers = data.identifiers.with_columns(cs.string().rank("dense")).cast(pl.Float64).fill_null(0.0)
    return replace(data, features=numbers)


def _features(library: Library, name: str, seed: int) -> Split:
    return benign_split(library.get(name), seed, min_class_rows=dataset(name).min_class_rows)


def _identifiers(library: Library, name: str, seed: int) -> Split:
    data = identifiers_as_features(library.get(name))
    return benign_split(data, seed, min_class_rows=dataset(name).min_class_rows)


SHORTCUTS = Benchmark(name="shortcuts", title="P1 on the features, and on the identifiers that they leave out", run=run)
