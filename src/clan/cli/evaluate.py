"""`clan evaluate`: how well models find labelled attacks, and what they cost in false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clan.cli.console import err, write_json
from clan.cli.options import Format, Join, Json, More, Prevalence, Quiet, Read, Strict, inputs
from clan.counted import counted
from clan.errors import ConfigError, ModelFileError

if TYPE_CHECKING:
    from clan.evaluate import Evaluation

MODEL_SUFFIX = ".clan"
"""What tells a model from a capture behind the options."""


def command(
    models: Annotated[
        list[str],
        typer.Option("-m", "--model", metavar="MODEL", help="Model made by clan train; repeatable, to compare."),
    ],
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="FILE.csv",
            help="Labels by uid, or by hosts and time; by default those that the logs bring with them.",
            show_default=False,
        ),
    ] = None,
    more: More = None,
    read: Read = None,
    prevalence: Prevalence = 0.001,
    format_name: Format = None,
    join: Join = False,
    strict: Strict = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score labelled captures with one model or several, and say for each class of attack how much of it is found."""
    import polars as pl

    from clan.cli.reading import WatchedReader, tell
    from clan.detect import ClanDetector
    from clan.evaluate import evaluate
    from clan.monitor import check_reader, columns_of, flow_settings_of, groups_of_model
    from clan.sources.tabular import carried_labels, read_labels

    several = [*models, *(path for path in more or [] if path.endswith(MODEL_SUFFIX))]  # -m a.clan b.clan
    paths = inputs(read, [path for path in more or [] if not path.endswith(MODEL_SUFFIX)])
    given = None if labels is None else read_labels(labels)
    detectors = {name: ClanDetector.load(path) for name, path in zip(_names(several), several, strict=True)}
    flows: dict[tuple[object, ...], pl.DataFrame] = {}  # models that read alike share one reading
    found = []
    for name, detector in detectors.items():
        settings, groups = flow_settings_of(detector), groups_of_model(detector)
        if (settings, groups) not in flows:
            reader = WatchedReader(
                paths,
                settings=settings,
                features=groups,
                format_name=format_name,
                join=join,
                strict=strict,
                columns=columns_of(detector),
            )
            try:
                check_reader(detector, reader)
            except ModelFileError as error:
                raise ModelFileError(f"{name}: {error}") from error
            flows[settings, groups] = pl.concat(list(reader.batches()))
            if not quiet:
                tell(reader.report)
        lines = carried_labels(flows[settings, groups]) if given is None else given
        found += evaluate({name: detector}, flows[settings, groups], lines, prevalence=prevalence)
    if json:
        write_json([each.as_json() for each in found])
    else:
        _show(found)
    if not quiet:
        _tell(found)


def _names(paths: Sequence[str]) -> list[str]:
    """Name models by their files, with the folder where two files are called the same."""
    names = [Path(path).name for path in paths]
    if len(set(paths)) < len(paths):
        raise ConfigError("the same model is named twice")
    return names if len(set(names)) == len(names) else list(paths)


def _show(found: Sequence[Evaluation]) -> None:
    """Print two tables: the models, and the classes."""
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    from clan.alerts.text import visible

    console = Console(highlight=False)
    console.width = console.width if console.is_terminal else max(console.width, 160)
    table = Table("model", "macro AUROC", "macro recall", "false alarms", "of benign", "rate", "budget", "a day")
    for each in found:
        name, budget = Text(visible(each.model)), Text(visible(each.budget))
        shown = [_share(each.macro_auroc, digits=3), _percent(each.macro_recall), f"{each.false_alarms:,}"]
        rate = "-" if each.fpr is None else f"{each.fpr:.2%}"
        a_day = "-" if each.false_alarms_per_day is None else f"{each.false_alarms_per_day:,.0f}"
        table.add_row(name, *shown, f"{each.n_benign:,}", rate, budget, a_day)
    console.print(table)
    heads = (Column(Text(f"{what}\n{visible(each.model)}")) for each in found for what in _COLUMNS)
    table = Table("class", "flows", *heads)
    rows = {each.name: each.n for evaluation in found for each in evaluation.classes}
    for attack, n in rows.items():
        cells: list[str] = []
        for evaluation in found:
            one = next((each for each in evaluation.classes if each.name == attack), None)
            cells += [_share(one.auroc, digits=3), _percent(one.recall), _percent(one.precision)] if one else ["-"] * 3
        table.add_row(Text(visible(attack)), f"{n:,}", *cells)
    console.print(table)


_COLUMNS = ("AUROC", "recall", "precision")


def _tell(found: Sequence[Evaluation]) -> None:
    """Say what stands behind the figures."""
    first = found[0]
    for each in found:
        if each.unknown:
            err.warning(f"{each.model}: {each.unknown}")
    err.note(f"recall and false alarms at each model's threshold; precision where {first.prevalence:g} are attacks")
    if first.n_unlabelled:
        err.note(f"left out for want of a label: {counted(first.n_unlabelled, 'flow')}")
    if first.n_unused_labels:
        err.warning(f"no flow of these captures is meant by {counted(first.n_unused_labels, 'line')} of the labels")
    if not first.n_benign:
        err.warning("no flow is benign, so there is nothing to compare with: no AUROC and no false alarms")


def _share(value: float | None, *, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
