"""What `clan detect` does with alerts before they go out: its options, and what they open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from clan.cli.console import err
from clan.counted import counted

if TYPE_CHECKING:
    from clan.alerts import Incident, Triage, WatchedSuppressions
    from clan.alerts.sinks import EncodingSink
    from clan.monitor import Monitor

IncidentsFile = Annotated[
    str | None,
    typer.Option(
        "--incidents",
        metavar="FILE.ndjson",
        help="Incidents, a line as each begins, grows and ends.",
        show_default=False,
    ),
]
IncidentPcaps = Annotated[
    str | None,
    typer.Option(
        "--incident-pcaps",
        metavar="FOLDER",
        help="With captures: a small pcap of the first packets of each of the worst incidents.",
        show_default=False,
    ),
]
StorePath = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="FILE.db",
        help="Keep alerts and incidents in this store; clan suppress and clan verdict work on it.",
        show_default=False,
    ),
]
Synchronous = Annotated[
    str,
    typer.Option("--synchronous", help="With --store: normal, or full, which survives a power failure and is slower."),
]
HostsFile = Annotated[
    str | None,
    typer.Option("--hosts", metavar="FILE", help="Names and groups of hosts, CSV or TOML.", show_default=False),
]
SuppressFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--suppress",
        metavar="FILE",
        help="Suppressions in the form of Suricata's threshold.config, followed as it changes; repeatable.",
        show_default=False,
    ),
]
HostLimit = Annotated[
    float | None,
    typer.Option(
        "--alerts-per-host",
        metavar="N",
        help="At most N alerts an hour of one host; what is over is counted by its incident only.",
        show_default=False,
    ),
]


def open_triage(
    stack: ExitStack,
    *,
    sinks: Sequence[EncodingSink],
    incidents: str | None,
    store: str | None,
    synchronous: str,
    hosts: str | None,
    suppress: list[str] | None,
    limit: float | None,
    endless: bool,
) -> Triage:
    """Open what the options name; the stack closes it. The incidents of an endless run are added to their file.

    Raises:
        ConfigError: A limit below 1, a file with a line or an option with a word that means nothing.
        SourceUnavailable: A file that cannot be read.
        StoreError, SinkError: The store or the file cannot be opened.
    """
    from clan.alerts import RateLimit, TriageSettings, encode_incident
    from clan.cli.sinking import open_output

    settings = TriageSettings(
        store=store,
        synchronous=_durability(synchronous),
        hosts=hosts,
        suppress=suppress or (),
        limit=None if limit is None else RateLimit(count=limit),
    )
    file = None if incidents is None else stack.enter_context(open_output(incidents, append=endless))
    tell: list[Callable[[Incident], None]] = [sink.emit for sink in sinks if sink.events != "alerts"]
    if file is not None:
        tell.append(lambda each: file.write(encode_incident(each)))
    triage = settings.open(stack, tell=tell)
    if triage.suppressions is not None:
        _tell(triage.suppressions)
    return triage


def check_cut(folder: str | None, reader: object) -> None:
    """Raise unless there are captures to cut, where that is wanted.

    Raises:
        ConfigError: The input is live, or no packets.
    """
    from clan.errors import ConfigError
    from clan.sources import FlowReader

    if folder is not None and not (isinstance(reader, FlowReader) and reader.kind == "packets"):
        raise ConfigError("--incident-pcaps reads captures a second time: it is for -r with captures")


def cut_incidents(folder: str | None, monitor: Monitor, reader: object) -> None:
    """Write the packets of the worst incidents, and say how many and what could not be."""
    from clan.errors import StoreError
    from clan.monitor import write_incident_pcaps
    from clan.sources import FlowReader

    triage = monitor.triage
    if folder is None or triage is None or not isinstance(reader, FlowReader):
        return
    incidents = triage.ledger.worst(50)
    known = {alert.alert_id: alert for alert in monitor.outcome.alerts}
    for name in {name for incident in incidents for name in incident.alert_ids} - known.keys():
        if triage.store is not None:
            with suppress(StoreError):
                known[name] = triage.store.alert(name).alert
    written = write_incident_pcaps(folder, incidents, known, reader.files_of)
    err.note(f"wrote the packets of {counted(len(written.files), 'incident')} to {folder}")
    for why in sorted(set(written.without.values())):
        count = sum(reason == why for reason in written.without.values())
        err.warning(f"no packets of {counted(count, 'incident')}: {why}")


def account_of(triage: Triage | None) -> dict[str, int]:
    """Give what became of the alerts, as JSON values."""
    if triage is None:
        return {}
    tracker, store = triage.incidents, triage.store
    account = {} if tracker is None else {"incidents": tracker.n_incidents, "incidents_closed_early": tracker.n_evicted}
    account |= {"hidden": triage.n_hidden, "over_host_limit": triage.n_limited}
    return (
        account if store is None else account | {"stored": store.n_stored, "not_stored": store.n_lost + store.n_waiting}
    )


def fail_unstored(triage: Triage | None) -> None:
    """Say what could not be stored, also to who wants quiet, and end with 1 where there was something."""
    store = None if triage is None else triage.store
    if store is None or not store.n_lost + store.n_waiting:
        return
    err.error(
        f"alerts and incidents that could not be stored in {store.path}: {store.n_lost + store.n_waiting:,} "
        f"({store.failure}); alerts still went to the other outputs. Make room and run this again"
    )
    raise typer.Exit(1)


def tell_triage(triage: Triage) -> None:
    """Say what incidents there were, and what was held back."""
    from clan.alerts import incident_table

    tracker, store = triage.incidents, triage.store
    worst = triage.ledger.worst(10)
    if tracker is not None and worst:
        more = f", {len(worst)} of {tracker.n_incidents:,}" if len(worst) < tracker.n_incidents else ""
        err.show(incident_table(worst, title=f"Incidents, worst first{more}"))
    if triage.n_hidden:
        err.note(f"hidden by suppressions: {counted(triage.n_hidden, 'alert')}")
    if triage.n_limited:
        err.note(f"over the limit of their host: {counted(triage.n_limited, 'alert')}; their incidents count them")
    if tracker is not None and tracker.n_evicted:
        err.warning(f"closed early, because too many were open at once: {counted(tracker.n_evicted, 'incident')}")
    if store is not None:
        err.note(f"stored {counted(store.n_stored, 'alert')} in {store.path}")


def _durability(word: str) -> Literal["normal", "full"]:
    from clan.errors import ConfigError

    if word not in ("normal", "full"):
        raise ConfigError(f"--synchronous is normal or full, got {word!r}")
    return "full" if word == "full" else "normal"


def _tell(watched: WatchedSuppressions) -> None:
    """Say what of a threshold.config is not for clan, or more than it can do."""
    for path, found in watched.files.items():
        for why, count in found.passed_over.items():
            err.warning(f"{path}: {counted(count, 'line')} passed over: {why}")
