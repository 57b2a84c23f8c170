"""`clan detect`: find what is unlike the traffic that a model learnt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from clan.cli.console import err, write_json
from clan.cli.options import (
    Bpf,
    CaptureTool,
    Fdr,
    Follow,
    Format,
    Interface,
    Join,
    Json,
    Listen,
    Model,
    More,
    Quiet,
    Read,
    Sinks,
    State,
    Strict,
    Wanted,
    Workers,
)
from clan.cli.sinking import account_of_sinks, tell_sinks
from clan.cli.triaging import (
    HostLimit,
    HostsFile,
    IncidentPcaps,
    IncidentsFile,
    StorePath,
    SuppressFiles,
    Synchronous,
    account_of,
    check_cut,
    cut_incidents,
    fail_unstored,
    open_triage,
    tell_triage,
)

if TYPE_CHECKING:
    from clan.alerts.sinks import EncodingSink
    from clan.monitor import LoadedModel, Monitor
    from clan.sources import EndlessReader, FlowReader


class Expected(NamedTuple):
    """What the budget expects among as many benign flows: alerts, and their 95 % prediction interval."""

    expected: float
    interval: tuple[int, int]


def command(
    model: Model,
    more: More = None,
    read: Read = None,
    interface: Interface = None,
    listen: Listen = None,
    bpf: Bpf = None,
    capture_tool: CaptureTool = None,
    early_packets: Annotated[
        int, typer.Option("--early-packets", metavar="N", help="With -i: report a flow early at N packets; 0 = never.")
    ] = 10_000,
    early_seconds: Annotated[
        float, typer.Option("--early-seconds", metavar="T", help="With -i: report a flow early at T s; 0 = never.")
    ] = 30.0,
    stats_every: Annotated[
        float | None,
        typer.Option(
            "--stats-every",
            metavar="T",
            help="With -i and --listen: a stats event among the alerts every T s; 0 = never. Default 60.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="Alerts as EVE lines; - is standard output (the default)."),
    ] = None,
    sink: Sinks = None,
    scores: Annotated[
        str | None, typer.Option("--scores", metavar="FILE", help="Scores of all flows: .parquet, .csv or .ndjson.")
    ] = None,
    report: Annotated[
        str | None, typer.Option("--report", metavar="FILE", help="One HTML page with pictures and reasons.")
    ] = None,
    annotate: Annotated[
        bool,
        typer.Option("--annotate", help="Write flow records of Zeek or Suricata on with their scores, and no alerts."),
    ] = False,
    incidents: IncidentsFile = None,
    incident_pcaps: IncidentPcaps = None,
    store: StorePath = None,
    synchronous: Synchronous = "normal",
    hosts: HostsFile = None,
    suppress: SuppressFiles = None,
    host_limit: HostLimit = None,
    fdr: Fdr = None,
    follow: Follow = False,
    state: State = None,
    format_name: Format = None,
    join: Join = False,
    strict: Strict = False,
    workers: Workers = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score captures or what an interface sees; write an alert with its reasons for each flow beyond the threshold.

    Where the model comes from clan finetune, each alert has a name too.
    """
    from clan.alerts import AnnotatedLog
    from clan.cli.places import check_outputs
    from clan.cli.reading import WATCHED
    from clan.cli.sinking import open_places, reader_may_leave, settings_of
    from clan.errors import ConfigError
    from clan.flows import EarlyReports
    from clan.monitor import LoadedModel, Monitor
    from clan.tables import STDOUT, TableWriter

    wanted = Wanted(
        paths=[*(read or []), *(more or [])],
        interfaces=interface or [],
        listen=listen or [],
        bpf=bpf,
        tool=capture_tool,
        format_name=format_name,
        join=join,
        strict=strict,
        workers=workers,
        follow=follow,
        state=state,
        keep_records=annotate,
    )
    settings = settings_of(sink, annotate=annotate)
    if json and (output == STDOUT or (annotate and output is None)):
        raise ConfigError("--json and -o - both want standard output; name a file with -o")
    if annotate and (incidents or store):
        raise ConfigError("--annotate raises no alerts: --incidents and --store have nothing to keep with it")
    _check_endless(wanted, stats_every, report)
    outputs = {"-o": output, "--scores": scores, "--report": report, "--incidents": incidents, "--store": store}
    check_outputs(outputs, inputs=[*wanted.paths, model], append=wanted.endless)
    early = EarlyReports(packets=early_packets or None, seconds=early_seconds or None)
    loaded = LoadedModel.open(model)
    reader = loaded.reader(wanted, early=early, readers=WATCHED)  # before there is any file of results
    check_cut(incident_pcaps, reader)
    with reader_may_leave(), ExitStack() as stack:
        annotated = stack.enter_context(AnnotatedLog(output or STDOUT, append=wanted.endless)) if annotate else None
        place = None if annotate else output or (None if json or settings else STDOUT)
        written, sinks = open_places(place, settings, stack, endless=wanted.endless)
        table = stack.enter_context(TableWriter(scores, append=wanted.endless)) if scores else None
        triage = (
            None
            if annotate
            else open_triage(
                stack,
                sinks=sinks,
                incidents=incidents,
                store=store,
                synchronous=synchronous,
                hosts=hosts,
                suppress=suppress,
                limit=host_limit,
                endless=wanted.endless,
            )
        )
        monitor = Monitor(
            loaded.detector,
            namer=loaded.namer,
            sinks=sinks,
            triage=triage,
            scores=table,
            keep_scored=report is not None,
            annotate=annotated.write if annotated else None,
            stats=None if written is None or stats_every == 0 else written.write,
            stats_every_s=60.0 if stats_every is None else stats_every,
            fdr=fdr,
        )
        outcome = monitor.run(reader)
        cut_incidents(incident_pcaps, monitor, reader)
    calibration = loaded.detector.calibration_
    expected = Expected(calibration.expected_fpr * outcome.n_flows, calibration.prediction_interval(outcome.n_flows))
    if report:
        _write_report(report, monitor, reader, expected, alerts_path=output)
    if json:
        write_json(_account(monitor, reader, expected, sinks, loaded))
    files = [path for path in (output, scores, report, incidents) if path and path != STDOUT]
    _tell(monitor, reader, expected, sinks, written=files, annotated=annotate, quiet=quiet)
    fail_unstored(monitor.triage)  # last, where it is not overlooked


def _account(
    monitor: Monitor,
    reader: FlowReader | EndlessReader,
    expected: Expected,
    sinks: Sequence[EncodingSink],
    loaded: LoadedModel,
) -> dict[str, object]:
    """Give all that is said of a run as JSON values."""
    from clan.cli.reading import as_json

    outcome = monitor.outcome
    found: dict[str, object] = {"alerts": outcome.n_alerts, **expected._asdict(), "model": loaded.model_id}
    found["holding"] = monitor.holding.state().as_json()
    found["unknown_features"] = list(monitor.unknown.names)
    if outcome.agreement.theirs:
        found |= {"source_alerts": outcome.agreement.theirs, "source_alerts_agreed": outcome.agreement.both}
    found |= account_of(monitor.triage) | account_of_sinks(sinks)
    return as_json(reader.report) | found | ({} if loaded.namer is None else {"labels": dict(outcome.labels)})


def _check_endless(wanted: Wanted, stats_every: float | None, report: str | None) -> None:
    """Raise where an option is for a run that ends, or for one that does not."""
    from clan.errors import ConfigError

    if stats_every is not None and not (wanted.endless and 0 <= stats_every < math.inf):
        raise ConfigError(
            f"--stats-every is for live capture (-i) or --listen, in seconds; 0 = never; got {stats_every:g}"
        )
    if report and wanted.endless:
        raise ConfigError(
            "--report keeps every flow in memory and needs a run that ends; with -i and --listen use --scores"
        )


def _tell(
    monitor: Monitor,
    reader: FlowReader | EndlessReader,
    expected: Expected,
    sinks: Sequence[EncodingSink],
    *,
    written: Sequence[str],
    annotated: bool,
    quiet: bool,
) -> None:
    """Say what was read and what was found; to who wants quiet, only what did not reach its receiver."""
    from clan.alerts import summary
    from clan.alerts.sinks import counters_of
    from clan.cli.reading import tell
    from clan.counted import counted

    tell_sinks(counters_of(sinks), quiet=quiet)
    if quiet:
        return
    tell(reader.report)
    flows = ("flow_events", "netflow_events")
    others = sum(n for name, n in reader.report.counts.items() if name.endswith("_events") and name not in flows)
    if annotated and others:
        err.note(f"not among the records that were written on: {counted(others, 'event')} that are no flows")
    outcome = monitor.outcome
    err.show(
        summary(
            outcome.alerts,
            n_flows=outcome.n_flows,
            n_alerts=outcome.n_alerts,
            labels=outcome.labels,
            **expected._asdict(),
        )
    )
    if agreed := outcome.agreement.sentence(outcome.n_alerts):
        err.note(agreed)
    if outcome.n_withdrawn:
        err.note(f"{outcome.n_withdrawn:,} of them alerted early, and no longer at the end of the flow")
    if monitor.triage is not None:
        tell_triage(monitor.triage)
    for path in written:
        err.note(f"wrote {path}")
    err.note(monitor.holding.state().sentence)
    if unknown := monitor.unknown.sentence:
        err.warning(unknown)


def _write_report(
    path: str, monitor: Monitor, reader: FlowReader | EndlessReader, expected: Expected, *, alerts_path: str | None
) -> None:
    """Write the HTML page."""
    import polars as pl

    from clan._version import __version__
    from clan.alerts.report import ReportData, render
    from clan.cli.places import written
    from clan.files import write_whole

    detector, outcome, triage = monitor.detector, monitor.outcome, monitor.triage
    data = ReportData(
        title="clan report",
        model={"model_id": monitor.model_id, **detector.manifest_},
        counters=dict(reader.report.counts),
        scored=pl.concat(outcome.scored),
        threshold=detector.threshold_,
        alpha=detector.calibration_.alpha,
        expected_alerts=expected.expected,
        expected_interval=expected.interval,
        alerts=outcome.alerts,
        alerts_path=alerts_path,
        incidents=None if triage is None else triage.ledger.worst(),
        n_incidents=0 if triage is None or triage.incidents is None else triage.incidents.n_incidents,
        holding=monitor.holding.state().sentence,
        labels=outcome.labels,
        agreement=outcome.agreement if outcome.agreement.theirs else None,
        limits=[
            *([monitor.unknown.sentence] if monitor.unknown.names else []),
            *reader.report.warnings,
            *(f"{p}: {why}" for p, why in reader.report.skipped.items()),
        ],
        version=__version__,
    )
    with written(path):
        write_whole(path, render(data).encode())
