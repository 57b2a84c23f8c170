"""`clan train`: learn from benign traffic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clan.cli import INTERRUPTED
from clan.cli.console import ProgressLines, err, write_json
from clan.cli.options import (
    AlertsPerDay,
    BenignOnly,
    By,
    Columns,
    Days,
    Fdr,
    Format,
    Fpr,
    IncidentsPerDay,
    Join,
    Json,
    Learn,
    More,
    Quiet,
    Read,
    Strict,
    Workers,
    columns_of,
    groups_of,
    inputs,
    keys_of,
)
from clan.counted import counted

if TYPE_CHECKING:
    import polars as pl

    from clan.cli.reading import WatchedReader
    from clan.detect import ClanDetector, FlowSample
    from clan.explain import Learnt
    from clan.sources.tabular import LabelledAsAttacks


def command(
    output: Annotated[str, typer.Option("-o", "--output", metavar="MODEL", help="Where the model file goes.")],
    more: More = None,
    read: Read = None,
    alerts_per_day: AlertsPerDay = None,
    incidents_per_day: IncidentsPerDay = None,
    fpr: Fpr = None,
    fdr: Fdr = None,
    by: By = None,
    days: Days = None,
    preset: Annotated[
        str, typer.Option("--preset", help="default, portable for other networks, or paper.")
    ] = "default",
    clean: Annotated[
        float,
        typer.Option(
            "--clean",
            help="Share of the flows, the least like the others, to learn nothing from; 0.05 against attacks.",
        ),
    ] = 0.0,
    benign_only: BenignOnly = False,
    keep_addresses: Annotated[
        bool,
        typer.Option(
            "--keep-addresses", help="Keep the addresses of the benign flows that the model shows beside an alert."
        ),
    ] = False,
    max_rows: Annotated[
        int,
        typer.Option(
            "--max-rows",
            metavar="N",
            min=2,
            help="Learn from N flows at the most, drawn from all of them, so that memory and time stay the same.",
        ),
    ] = 200_000,
    profile: Annotated[str, typer.Option("--profile", help="How flows are cut: default or lycos.")] = "default",
    features: Learn = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed and input give the same model.")] = 0,
    columns: Columns = None,
    format_name: Format = None,
    join: Join = False,
    strict: Strict = False,
    workers: Workers = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Learn what benign traffic looks like, and set the threshold from your budget of false alarms.

    Without a budget, one in a hundred benign flows may alert (--fpr 0.01).
    """
    from clan.calibrate import Budget, check_keys
    from clan.cli.places import check_output
    from clan.cli.reading import WatchedReader, as_json
    from clan.detect import ClanDetector, FlowSample
    from clan.detect.presets import preset as recipe
    from clan.errors import ConfigError
    from clan.explain import learnt
    from clan.flows import profile as settings_of
    from clan.sources import USUAL, check_groups
    from clan.sources.tabular import LabelledAsAttacks

    paths = inputs(read, more)
    # What can be wrong with the settings should be known before hours of reading.
    groups = groups_of(features) or USUAL
    check_groups(groups)
    keys = keys_of(by) or ()
    asked = Budget(alerts_per_day=alerts_per_day, incidents_per_day=incidents_per_day, fpr=fpr, fdr=fdr)
    check_keys(keys, asked)
    recipe(preset)
    if not 0 <= clean < 0.5:
        raise ConfigError(f"--clean must be at least 0 and below 0.5, got {clean}")
    detector = ClanDetector(
        alerts_per_day=alerts_per_day,
        incidents_per_day=incidents_per_day,
        fpr=fpr,
        fdr=fdr,
        thresholds_by=keys,
        days=days,
        preset=preset,
        clean=clean,
        keep_addresses=keep_addresses,
        random_state=seed,
    )
    check_output(output, inputs=paths)
    reader = WatchedReader(
        paths,
        settings=settings_of(profile),
        features=groups,
        format_name=format_name,
        join=join,
        strict=strict,
        workers=workers,
        columns=columns_of(columns),
    )
    sample, attacks = FlowSample(max_rows, seed=seed), LabelledAsAttacks(benign_only=benign_only)
    _read(reader, sample, attacks, quiet=quiet)
    detector.set_params(days=sample.days if days is None else days)
    flows = sample.flows()
    interrupted = _fit(detector, flows, reader.origin(), sample.n_seen, quiet=quiet)
    _save(detector, output)
    if json or not quiet:
        report = learnt(detector, flows, seed=seed)
        if json:
            manifest = {"model": output, "manifest": detector.manifest_, "learnt": report.as_json()}
            more_said = {"labelled_as_attacks": attacks.n, "interrupted": interrupted}
            write_json(as_json(reader.report) | manifest | more_said)
        if not quiet:
            _tell(report, detector, output)
    if interrupted:  # last, where it is not overlooked
        err.warning(f"training was interrupted: {output} is the best model so far, train again for a complete one")
        raise typer.Exit(INTERRUPTED)


def _read(reader: WatchedReader, sample: FlowSample, attacks: LabelledAsAttacks, *, quiet: bool) -> None:
    """Draw from all flows, and say what was read; attacks that the data know of are told even where quiet."""
    from clan.cli.reading import tell

    for batch in reader.batches():
        sample.add(attacks.of(batch))
    if not quiet:
        tell(reader.report)
    if (said := attacks.sentence()) is not None:
        err.warning(said)


def _fit(detector: ClanDetector, flows: pl.DataFrame, origin: dict[str, Any], n_seen: int, *, quiet: bool) -> bool:
    """Fit, and say how it goes; Ctrl-C ends the stage under way and keeps what it has. Gives whether there was one."""
    from clan.cli.interrupt import first_interrupt
    from clan.errors import TrainingError
    from clan.train import TrainProgress

    lines = None if quiet or err.is_terminal() else ProgressLines()
    with err.progress() as bar, first_interrupt() as interrupt:
        task = bar.add_task("training", total=None, detail="")
        if lines is not None:
            lines.update(f"training on {counted(flows.height, 'flow')}", 0.0)

        def watch(state: TrainProgress) -> None:
            bar.update(
                task,
                completed=state.epoch,
                total=state.n_epochs,
                detail=f"{state.stage}, loss {state.loss:.4f}, best {state.best:.4f}",
            )
            if lines is not None:
                lines.update(f"training: {state.stage}", state.epoch / state.n_epochs)
            if interrupt.asked():
                raise KeyboardInterrupt

        try:
            detector.fit(flows, progress=watch, source=origin, n_seen=n_seen)
        except TrainingError as error:
            if not interrupt.obeyed:
                raise
            err.error(str(error))
            raise typer.Exit(INTERRUPTED) from error
    return interrupt.obeyed


def _save(detector: ClanDetector, output: str) -> None:
    from clan.cli.places import written

    with written(output):
        detector.save(output)


def _tell(report: Learnt, detector: ClanDetector, output: str) -> None:
    """Say what normal is and whether more of it would help, and what the model expects."""
    err.note("what it learnt as normal:")
    for cluster in report.clusters:
        err.note(f"  {cluster.sentence}")
    if report.curve is not None:
        err.note(report.curve.sentence)
    calibration, training = detector.calibration_, detector.manifest_["training"]
    aside = f", {training['set_aside']:,} of them set aside as outlying" if training["set_aside"] else ""
    err.note(
        f"trained on {_rows(training)} flows{aside}; budget: {calibration.budget}; "
        f"threshold {detector.threshold_:.4f}, expected false-positive rate {calibration.expected_fpr:.3%}"
    )
    interval = calibration.alerts_per_day_interval
    if interval is not None and detector.days is not None:
        err.note(
            f"expected false alarms a day: {calibration.expected_alerts_per_day:.1f} "
            f"(95 % of days {interval[0]:,} to {interval[1]:,}), judged by {_length(detector.days)} of traffic"
        )
    if calibration.groups is not None:
        by = ", ".join(calibration.groups.by)
        err.note(f"a threshold for each of {counted(len(calibration.groups.cells), 'group')} by {by}")
    err.note(f"wrote {output}")


def _rows(training: Mapping[str, int]) -> str:
    """Write how many flows there were, and how many of them were drawn where that is fewer."""
    rows, seen = training["rows"], training["rows_seen"]
    return f"{rows:,}" if rows == seen else f"{rows:,} of {seen:,}"


def _length(days: float) -> str:
    """Write a length of time in the unit that reads best."""
    if days >= 2:
        return f"{days:.1f} days"
    hours = days * 24
    return f"{hours:.1f} hours" if hours >= 2 else f"{hours * 60:.0f} minutes"
