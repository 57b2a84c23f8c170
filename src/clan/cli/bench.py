"""`clan bench`: reproduce a table of the literature or of our own, on data that you have."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clan.cli.console import err, write_json
from clan.cli.options import Json, Prevalence, Quiet
from clan.counted import counted
from clan.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    import polars as pl

    from clan.evaluate.benchmarks import Benchmark
    from clan.evaluate.results import Results

DATA_VARIABLE = "CLAN_TEST_DATA"
"""The environment variable whose folder `flows` is looked into without --data."""


def command(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Benchmark; without it, all are listed.")] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="PATH",
            help=f"Folder of data sets, or with one --dataset its file or folder. [flows in ${DATA_VARIABLE}]",
        ),
    ] = None,
    datasets: Annotated[
        list[str] | None, typer.Option("--dataset", metavar="NAME", help="Only this data set; repeatable.")
    ] = None,
    detectors: Annotated[
        str | None, typer.Option("--detectors", metavar="A,B", help="Who takes part, or all. Default: clan.")
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Number of seeds.")] = 10,
    first_seed: Annotated[int, typer.Option("--first-seed", min=0, help="The first of them.")] = 0,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", metavar="FILE.csv", help="Results; what is in it is not run again. [clan-bench-NAME.csv]"
        ),
    ] = None,
    width: Annotated[str, typer.Option("--width", help="Of the rivals' encoders: common or paper.")] = "common",
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="In place of each detector's own.")] = None,
    max_class_rows: Annotated[
        int | None, typer.Option("--max-class-rows", min=1, help="Draw so many rows of each larger class.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="NAME", help="Whom the others are tested against. [clan; in naming, extra_trees]"
        ),
    ] = None,
    prevalence: Prevalence = 0.001,
    flows_per_day: Annotated[
        float, typer.Option("--flows-per-day", help="Benign flows a day, for alerts a day.")
    ] = 1e6,
    plot: Annotated[str | None, typer.Option("--plot", metavar="FILE.svg", help="Draw the results.")] = None,
    table_only: Annotated[bool, typer.Option("--table-only", help="Run nothing; the table of what is there.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a benchmark, as far as its results file lacks runs, and print its table as Markdown."""
    from clan.cli.places import check_output
    from clan.evaluate.benchmarks import benchmark
    from clan.evaluate.measure import Site
    from clan.evaluate.results import Results
    from clan.evaluate.runner import BenchOptions, Library

    if name is None:
        _list(as_json=json)
        return
    wanted = benchmark(name)
    place = out or f"clan-bench-{name}.csv"
    for path in filter(None, (place, plot)):
        check_output(path, inputs=[])
    if plot is not None:
        _check_plot(wanted, plot)
    results = Results(place, fields=wanted.fields, key=wanted.key)
    chosen = wanted.choose(detectors.split(",") if detectors else None)
    _check_against(against, results, () if table_only else chosen)
    if not table_only:
        options = BenchOptions(
            detectors=chosen,
            seeds=range(first_seed, first_seed + seeds),
            width=width,
            epochs=epochs,
            site=Site(prevalence=prevalence, flows_per_day=flows_per_day),
            tell=(lambda _: None) if quiet else err.note,
        )
        paths = _folder(data, wanted.folder) if wanted.folder else _paths(data, datasets, wanted.datasets)
        wanted.run(Library(paths, max_class_rows=max_class_rows), list(paths), options, results)
    _show(wanted, results.frame(), against=against, plot=plot, as_json=json)
    if not quiet:
        err.note(f"{counted(len(results.rows), 'run')} in {place}")


def _check_plot(benchmark: Benchmark, plot: str) -> None:
    """Raise ConfigError where there is no such picture, before the runs rather than after."""
    if benchmark.picture is None:
        raise ConfigError(f"the benchmark {benchmark.name} has no picture; leave --plot out")
    if Path(plot).suffix.lower() != ".svg":
        raise ConfigError(f"--plot writes SVG, so its file must end in .svg, got {plot!r}")


def _check_against(against: str | None, results: Results, chosen: Sequence[Any]) -> None:
    """Raise UnknownNameError where nobody to compare with has this name, neither in the results nor about to run."""
    known = {row.get("detector") or row.get("namer", "") for row in results.rows} | {each.name for each in chosen}
    if against is not None and against not in known:
        raise UnknownNameError("detector to compare with among those that take part", against, known)


def _show(benchmark: Benchmark, runs: pl.DataFrame, *, against: str | None, plot: str | None, as_json: bool) -> None:
    """Print the results, and draw them where that was asked for."""
    compared = {} if against is None else {"against": against}
    if plot is not None and benchmark.picture is not None:
        Path(plot).write_text(benchmark.picture(runs, **compared), encoding="utf-8")
    if as_json:
        write_json({"benchmark": benchmark.name, "runs": runs.to_dicts()})
    else:
        typer.echo(benchmark.table(runs, **compared))


def _list(*, as_json: bool) -> None:
    """Name the benchmarks."""
    from clan.evaluate.benchmarks import BENCHMARKS

    if as_json:
        write_json([{"name": each.name, "title": each.title} for each in BENCHMARKS.values()])
        return
    for each in BENCHMARKS.values():
        typer.echo(f"{each.name:<12}{each.title}")


def _folder(data: str | None, name: str) -> dict[str, Path]:
    """Find the folder of a benchmark that reads no data sets; its name to its path.

    Raises:
        ConfigError: It is not said where it is.
    """
    if data is None and not os.environ.get(DATA_VARIABLE):
        raise ConfigError(f"where are the {name}? Name their folder with --data, or set {DATA_VARIABLE}")
    return {name: Path(data) if data is not None else Path(os.environ[DATA_VARIABLE]) / name}


def _paths(data: str | None, asked: Sequence[str] | None, made_for: Sequence[str]) -> dict[str, Path]:
    """Find the files of the data sets that the benchmark needs; name to path.

    Raises:
        ConfigError: It is not said where they are, or one is asked for that is not there.
    """
    from clan.errors import SourceUnavailable
    from clan.evaluate.datasets import dataset, find_datasets

    names = [*(asked or made_for)]
    for name in names:
        dataset(name)
    folder = data or (str(Path(os.environ[DATA_VARIABLE]) / "flows") if os.environ.get(DATA_VARIABLE) else None)
    if folder is None:
        raise ConfigError(f"where are the data sets? Name their folder with --data, or set {DATA_VARIABLE}")
    found = find_datasets(folder) if Path(folder).is_dir() else {}
    if len(names) == 1 and names[0] not in found and data is not None:
        return {names[0]: Path(data)}  # the data set itself
    missing = [name for name in names if name not in found]
    if missing or not found:
        places = "; ".join(f"{name}: {', '.join(dataset(name).places)}" for name in missing) or "any known data set"
        raise SourceUnavailable(f"{folder} lacks {places}")
    return {name: found[name] for name in names or found}
