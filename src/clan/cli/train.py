"""`clan train`: learn from benign traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from clan.cli.console import err, write_json
from clan.cli.options import (
    Columns,
    Features,
    Format,
    Join,
    Json,
    More,
    Quiet,
    Read,
    Strict,
    Workers,
    columns_of,
    groups_of,
    inputs,
)

if TYPE_CHECKING:
    import polars as pl

    from clan.detect import ClanDetector


def command(
    output: Annotated[str, typer.Option("-o", "--output", metavar="MODEL", help="Where the model file goes.")],
    more: More = None,
    read: Read = None,
    alerts_per_day: Annotated[
        float | None, typer.Option("--alerts-per-day", help="Budget: false alarms a day that you can take.")
    ] = None,
    fpr: Annotated[
        float | None, typer.Option("--fpr", help="Budget: share of benign flows that may alert. Default 0.01.")
    ] = None,
    days: Annotated[
        float | None, typer.Option("--days", help="Days that the captures stand for, where their times do not tell.")
    ] = None,
    preset: Annotated[str, typer.Option("--preset", help="default, or paper for the published recipe.")] = "default",
    clean: Annotated[
        float,
        typer.Option(
            "--clean",
            help="Share of the flows, the least like the others, to learn nothing from; 0.05 against attacks.",
        ),
    ] = 0.0,
    profile: Annotated[str, typer.Option("--profile", help="How flows are cut: default or lycos.")] = "default",
    features: Features = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed and input give the same model.")] = 0,
    columns: Columns = None,
    format_name: Format = None,
    join: Join = False,
    strict: Strict = False,
    workers: Workers = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Learn what benign traffic looks like, and set the threshold from your budget of false alarms."""
    import polars as pl

    from clan.calibrate import Budget
    from clan.cli.places import check_output
    from clan.cli.reading import WatchedReader, as_json, tell
    from clan.detect import ClanDetector
    from clan.detect.presets import preset as recipe
    from clan.errors import ConfigError
    from clan.flows import profile as settings_of
    from clan.schema import features_of

    paths = inputs(read, more)
    # What can be wrong with the settings should be known before hours of reading.
    groups = groups_of(features)
    features_of(groups or ())
    Budget(alerts_per_day=alerts_per_day, fpr=fpr)
    recipe(preset)
    if not 0 <= clean < 0.5:
        raise ConfigError(f"--clean must be at least 0 and below 0.5, got {clean}")
    detector = ClanDetector(
        alerts_per_day=alerts_per_day, fpr=fpr, days=days, preset=preset, clean=clean, random_state=seed
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
    flows = pl.concat(list(reader.batches()))
    if not quiet:
        tell(reader.report)
    _fit(detector, flows, reader.origin())
    detector.save(output)
    if json:
        write_json(as_json(reader.report) | {"model": output, "manifest": detector.manifest_})
    if not quiet:
        _tell(detector, output)


def _fit(detector: ClanDetector, flows: pl.DataFrame, origin: dict[str, Any]) -> None:
    """Fit with a progress bar; Ctrl-C ends the stage under way and keeps what it has."""
    from clan.cli.interrupt import first_interrupt
    from clan.train import TrainProgress

    with err.progress() as bar, first_interrupt() as asked:
        task = bar.add_task("training", total=None, detail="")

        def watch(state: TrainProgress) -> None:
            bar.update(
                task,
                completed=state.epoch,
                total=state.n_epochs,
                detail=f"{state.stage}, loss {state.loss:.4f}, best {state.best:.4f}",
            )
            if asked():
                raise KeyboardInterrupt

        detector.fit(flows, progress=watch, source=origin)


def _tell(detector: ClanDetector, output: str) -> None:
    """Say what the model expects."""
    calibration, training = detector.calibration_, detector.manifest_["training"]
    aside = f", {training['set_aside']:,} of them set aside as outlying" if training["set_aside"] else ""
    err.note(
        f"trained on {training['rows']:,} flows{aside}; budget: {calibration.budget}; "
        f"threshold {detector.threshold_:.4f}, expected false-positive rate {calibration.expected_fpr:.3%}"
    )
    interval = calibration.alerts_per_day_interval
    if interval is not None and calibration.days is not None:
        err.note(
            f"expected false alarms a day: {calibration.expected_alerts_per_day:.1f} "
            f"(95 % of days {interval[0]:,} to {interval[1]:,}), judged by {_length(calibration.days)} of traffic"
        )
    err.note(f"wrote {output}")


def _length(days: float) -> str:
    """Write a length of time in the unit that reads best."""
    if days >= 2:
        return f"{days:.1f} days"
    hours = days * 24
    return f"{hours:.1f} hours" if hours >= 2 else f"{hours * 60:.0f} minutes"
