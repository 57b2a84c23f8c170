"""`clan detect`: find what is unlike the traffic that a model learnt."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clan.cli.console import err, write_json
from clan.cli.options import Format, Join, Json, Model, More, Quiet, Read, Strict, inputs

if TYPE_CHECKING:
    from clan.detect import ClanDetector
    from clan.monitor import Outcome
    from clan.sources import FlowReader


def command(
    model: Model,
    more: More = None,
    read: Read = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="Alerts as EVE lines; - is standard output (the default)."),
    ] = None,
    scores: Annotated[
        str | None, typer.Option("--scores", metavar="FILE", help="Scores of all flows: .parquet, .csv or .ndjson.")
    ] = None,
    report: Annotated[
        str | None, typer.Option("--report", metavar="FILE", help="One HTML page with pictures and reasons.")
    ] = None,
    format_name: Format = "pcap",
    join: Join = False,
    strict: Strict = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score captures with a model, and write an alert with its reasons for each flow beyond the threshold."""
    from clan.alerts import FileSink, summary
    from clan.cli.places import check_output
    from clan.cli.reading import WatchedReader, as_json, tell
    from clan.detect import ClanDetector
    from clan.errors import ConfigError
    from clan.monitor import Monitor, flow_settings_of
    from clan.tables import STDOUT, TableWriter

    paths = inputs(read, more)
    target = output or STDOUT
    if json and output == STDOUT:
        raise ConfigError("--json and -o - both want standard output; name a file with -o")
    for path in (output, scores, report):
        if path not in (None, STDOUT):
            check_output(path, inputs=[*paths, model])
    detector = ClanDetector.load(model)
    reader = WatchedReader(
        paths, settings=flow_settings_of(detector), format_name=format_name, join=join, strict=strict
    )
    with ExitStack() as stack:
        sinks = [] if json and output is None else [stack.enter_context(FileSink(target))]
        table = stack.enter_context(TableWriter(scores)) if scores else None
        monitor = Monitor(detector, sinks=sinks, scores=table, keep_scored=report is not None)
        outcome = monitor.run(reader)
    calibration = detector.calibration_
    expected = calibration.expected_fpr * outcome.n_flows
    interval = calibration.prediction_interval(outcome.n_flows)
    if report:
        _write_report(report, detector, reader, outcome, alerts_path=output)
    if json:
        found = {"alerts": outcome.n_alerts, "expected": expected, "interval": interval, "model": monitor.model_id}
        write_json(as_json(reader.report) | found)
    if not quiet:
        tell(reader.report)
        err.show(
            summary(
                outcome.alerts,
                n_flows=outcome.n_flows,
                n_alerts=outcome.n_alerts,
                expected=expected,
                interval=interval,
            )
        )
        for path in (scores, report):
            if path:
                err.note(f"wrote {path}")


def _write_report(
    path: str, detector: ClanDetector, reader: FlowReader, outcome: Outcome, *, alerts_path: str | None
) -> None:
    """Write the HTML page."""
    import polars as pl

    from clan._version import __version__
    from clan.alerts.report import ReportData, render
    from clan.errors import SinkError
    from clan.monitor import model_id

    calibration = detector.calibration_
    data = ReportData(
        title="clan report",
        model={"model_id": model_id(detector), **detector.manifest_},
        counters=dict(reader.report.counts),
        scored=pl.concat(outcome.scored),
        threshold=detector.threshold_,
        alpha=calibration.alpha,
        expected_alerts=calibration.expected_fpr * outcome.n_flows,
        expected_interval=calibration.prediction_interval(outcome.n_flows),
        alerts=outcome.alerts,
        alerts_path=alerts_path,
        limits=[*reader.report.warnings, *(f"{p}: {why}" for p, why in reader.report.skipped.items())],
        version=__version__,
    )
    try:
        Path(path).write_text(render(data), encoding="utf-8")
    except OSError as error:
        raise SinkError(f"cannot write {path}: {error.strerror or error}") from error
