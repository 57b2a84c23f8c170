"""Every detector on every case with every seed, each run once; what is in the results already is passed over."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from clan.counted import counted
from clan.detect import ClanDetector
from clan.errors import ClanError, ConfigError, MissingExtra, SourceUnavailable
from clan.evaluate.datasets import Labelled, dataset, read_dataset
from clan.evaluate.machine import provenance
from clan.evaluate.measure import Site, measure
from clan.evaluate.protocols import Split, thin_out
from clan.evaluate.results import Results

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One data set under one condition.

    Attributes:
        dataset: Name of the data set whose rows are tested.
        condition: What is special, in words; empty where there is one condition only.
        split: Seed to split.
    """

    dataset: str
    condition: str
    split: Callable[[int], Split]


@dataclass(frozen=True, kw_only=True, slots=True)
class BenchOptions:
    """What a benchmark is asked for.

    Attributes:
        detectors: Who takes part, as the benchmark's `choose` gave them.
        seeds: Of splits and detectors alike.
        width: ``"common"``: all encoders as wide as each other; ``"paper"``: as published.
        epochs: Of those that train in epochs, in place of their own number.
        site: For precision and alerts a day.
        tell: Called with a sentence on each run.
    """

    detectors: Sequence[Any]
    seeds: Sequence[int]
    width: str = "common"
    epochs: int | None = None
    site: Site = field(default_factory=Site)
    tell: Tell = lambda _: None

    def __post_init__(self) -> None:
        if self.width not in ("common", "paper"):
            raise ConfigError(f"width must be common or paper, got {self.width!r}")
        if not self.seeds:
            raise ConfigError("there must be at least one seed")


class Library:
    """The data sets that are there, each read when first asked for and kept.

    Args:
        paths: Name to path.
        max_class_rows: Of larger classes so many rows are drawn, the same in every run; None for all.
    """

    def __init__(self, paths: Mapping[str, Path], *, max_class_rows: int | None = None) -> None:
        self.paths = dict(paths)
        self.max_class_rows = max_class_rows
        self._read: dict[str, Labelled] = {}

    @property
    def condition(self) -> str:
        """What the runs are under because of this library, in words."""
        return "" if self.max_class_rows is None else f"at most {self.max_class_rows:,} rows a class"

    def get(self, name: str) -> Labelled:
        """Read a data set.

        Raises:
            SourceUnavailable: It is not there.
            SchemaError: Its file is something else.
        """
        if name not in self.paths:
            places = ", ".join(dataset(name).places)
            raise SourceUnavailable(f"{dataset(name).title} was not found: expected one of {places} in the data folder")
        if name not in self._read:
            data = read_dataset(name, self.paths[name])
            self._read[name] = data if self.max_class_rows is None else thin_out(data, self.max_class_rows)
        return self._read[name]


def run_cases(benchmark: str, library: Library, cases: Iterable[Case], options: BenchOptions, results: Results) -> None:
    """Make every run that the results lack.

    A detector that fails with one of clan's errors, such as a missing library, is told and left out; the others go on.

    Args:
        benchmark: Its name.
        library: Where the cases' data come from.
        cases: What to run on.
        options: Who, and with which seeds.
        results: Where the runs go.
    """
    cases = list(cases)
    announce(
        (
            (case.dataset, _run_of(benchmark, library, case, seed, each, options))
            for case in cases
            for seed in options.seeds
            for each in options.detectors
        ),
        options,
        results,
    )
    for case in cases:
        choosing = dataset(case.dataset).choosing
        for seed in options.seeds:
            split = None
            for contender in options.detectors:
                run = _run_of(benchmark, library, case, seed, contender, options)
                if run in results:
                    continue
                _warm_up()
                split = split or case.split(seed)
                where = " ".join(filter(None, (case.dataset, str(run["condition"]), f"seed {seed}", contender.name)))
                try:
                    made = contender.make(seed=seed, width=options.width, epochs=options.epochs)
                    found = measure(made, split, choosing=choosing, site=options.site)
                except ClanError as error:
                    options.tell(f"{where}: left out, {error}")
                    continue
                results.append(run | found | provenance())
                options.tell(
                    f"{where}: macro AUROC {found['macro_auroc']:.4f}, worst {found['worst_auroc']:.3f}, "
                    f"trained in {found['training_s']:.1f} s"
                )


def announce(runs: Iterable[tuple[str, Mapping[str, object]]], options: BenchOptions, results: Results) -> None:
    """Tell how many runs are to be made, on how many data sets, and where they are kept.

    Args:
        runs: Data set and key of every run, those that the results have among them.
        options: Whom to tell.
        results: Where the runs go.
    """
    missing = [dataset for dataset, run in runs if run not in results]
    there = f"; {counted(len(results.rows), 'run')} there already" if results.rows else ""
    if missing:
        what = f"{counted(len(missing), 'run')} on {counted(len(set(missing)), 'data set')}"
        options.tell(f"{what}, kept in {results.place}{there}")


def _run_of(
    benchmark: str, library: Library, case: Case, seed: int, contender: Any, options: BenchOptions
) -> dict[str, object]:
    return {
        "benchmark": benchmark,
        "dataset": case.dataset,
        "condition": ", ".join(filter(None, (case.condition, library.condition))),
        "detector": contender.name,
        "family": contender.family,
        "width": options.width,
        "epochs": options.epochs,
        "seed": seed,
    }


@cache
def _warm_up() -> None:
    """Train something tiny once, so that the first run's time does not hold the loading of libraries."""
    rows = np.random.default_rng(0).normal(size=(64, 4))
    with warnings.catch_warnings(), suppress(MissingExtra):
        warnings.simplefilter("ignore")
        ClanDetector(epochs=1, n_folds=2, random_state=0).fit(rows)
