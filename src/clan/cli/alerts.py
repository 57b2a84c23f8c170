"""`clan alerts`: what the store holds, one by one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from clan.cli.console import err, show, write_json
from clan.cli.options import Json, Quiet
from clan.cli.storing import (
    DEFAULT,
    Before,
    ClassName,
    Destination,
    Filters,
    Hidden,
    Host,
    Limit,
    Port,
    Protocol,
    Severity,
    Since,
    Source,
    StoreFile,
    open_store,
)
from clan.counted import counted

if TYPE_CHECKING:
    from clan.alerts.fitting_table import FittingTable
    from clan.alerts.store import StoredAlert

_MOST = 10_000_000  # days, or megabytes, that a limit may be

app = typer.Typer(name="alerts", help="List, show, export and prune the alerts of a store.", no_args_is_help=True)

InIncident = Annotated[
    str | None, typer.Option("--incident", metavar="ID", help="Alerts of this incident.", show_default=False)
]


@app.command("list")
def list_(
    host: Host = None,
    src: Source = None,
    dst: Destination = None,
    port: Port = None,
    protocol: Protocol = None,
    class_name: ClassName = None,
    since: Since = None,
    before: Before = None,
    severity: Severity = None,
    incident: InIncident = None,
    hidden: Hidden = False,
    limit: Limit = 50,
    store: StoreFile = DEFAULT,
    json: Json = False,
) -> None:
    """Show alerts, the latest first; with --json as EVE lines."""
    from clan.alerts.sinks.encodings.eve import encode

    with open_store(store) as opened:
        query = Filters(
            host=host, src=src, dst=dst, port=port, protocol=protocol, label=class_name, since=since, before=before,
            severity=severity, incident=None if incident is None else opened.incident(incident).incident_id,
            hidden=hidden, limit=limit,
        ).query()  # fmt: skip
        found, total = list(opened.alerts(query)), opened.count_alerts(query)
    if json:
        for stored in found:
            sys.stdout.write(encode(stored.alert) + "\n")
    elif found:
        more = f", {len(found):,} of {total:,}" if len(found) < total else ""
        show(alert_table(found, title=f"Alerts, latest first{more}"))
    else:
        err.note("no alert fits")


@app.command("show")
def show_(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="Its id, or the beginning of it.")],
    store: StoreFile = DEFAULT,
    json: Json = False,
) -> None:
    """Show one alert with its reasons."""
    from rich.console import Group
    from rich.text import Text

    from clan.alerts.sinks.encodings.eve import encode
    from clan.alerts.text import visible

    with open_store(store) as opened:
        stored = opened.alert(alert)
    found = stored.alert
    if json:
        sys.stdout.write(encode(found) + "\n")
        return
    facts = [
        ("incident", found.incident_id),
        ("hidden by suppression", stored.hidden_by),
        ("flow", f"{found.uid} of {found.source}"),
        ("community id", found.community_id),
        ("model", found.model_id),
    ]
    lines = [f"{name}: {visible(str(value))}" for name, value in facts if value]
    lines += [visible(reason.sentence) for reason in found.reasons]
    show(Group(alert_table([stored], title=f"Alert {found.alert_id}"), *(Text(line) for line in lines)))


@app.command("export")
def export(
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Where to; - is standard output.")
    ] = "-",
    anonymise: Annotated[
        str | None,
        typer.Option(
            "--anonymise",
            metavar="KEYFILE",
            help="Replace addresses and names by pseudonyms of this key, which is made where there is none yet.",
            show_default=False,
        ),
    ] = None,
    host: Host = None,
    src: Source = None,
    dst: Destination = None,
    class_name: ClassName = None,
    since: Since = None,
    before: Before = None,
    severity: Severity = None,
    incident: InIncident = None,
    hidden: Hidden = False,
    store: StoreFile = DEFAULT,
    quiet: Quiet = False,
) -> None:
    """Write alerts as EVE lines, the latest first."""
    from clan.alerts.anonymise import Anonymiser
    from clan.alerts.sinks.encodings.eve import encode
    from clan.cli.places import check_output
    from clan.cli.sinking import open_output, reader_may_leave
    from clan.tables import STDOUT

    if output != STDOUT:
        check_output(output, inputs=[store])
    hide = None if anonymise is None else Anonymiser.of_file(anonymise)
    count = 0
    with reader_may_leave(), open_store(store) as opened, open_output(output) as file:
        query = Filters(
            host=host, src=src, dst=dst, label=class_name, since=since, before=before, severity=severity, hidden=hidden,
            incident=None if incident is None else opened.incident(incident).incident_id,
        ).query()  # fmt: skip
        for stored in opened.alerts(query):
            file.write(encode(stored.alert if hide is None else hide.alert(stored.alert)))
            count += 1
    if not quiet:
        err.note(f"wrote {counted(count, 'alert')}{'' if hide is None else ', addresses replaced'}")


@app.command("prune")
def prune(
    max_days: Annotated[
        float | None,
        typer.Option("--max-days", metavar="D", help="Delete what was stored longer ago.", show_default=False),
    ] = None,
    max_mb: Annotated[
        float | None,
        typer.Option("--max-mb", metavar="MB", help="Delete the oldest above this size.", show_default=False),
    ] = None,
    store: StoreFile = DEFAULT,
    json: Json = False,
) -> None:
    """Delete old alerts, and closed incidents that have none left; alerts with a verdict stay."""
    from clan.alerts.store import Retention
    from clan.errors import ConfigError

    if max_days is None and max_mb is None:
        raise ConfigError("say what is too old or too much: --max-days or --max-mb")
    for option, value in (("--max-days", max_days), ("--max-mb", max_mb)):
        if value is not None and not value <= _MOST:
            raise ConfigError(f"{option} is at most {_MOST:,}, got {value:g}")
    limits = Retention(max_days=max_days, max_bytes=None if max_mb is None else round(max_mb * 1e6))
    with open_store(store) as opened:
        count = opened.prune(limits)
        size, failure = opened.n_bytes, opened.failure
    if failure:
        err.warning(f"not all could be deleted: {failure}")
    if json:
        write_json({"deleted": count, "bytes": size})
    else:
        err.note(f"deleted {counted(count, 'alert')}; the store needs {size / 1e6:,.1f} MB")


def alert_table(found: Sequence[StoredAlert], *, title: str) -> FittingTable:
    """Lay out alerts of a store; every cell is plain text with control characters spelled out."""
    from rich.text import Text

    from clan.alerts import SEVERITIES
    from clan.alerts.fitting_table import FittingTable
    from clan.alerts.quantity import number
    from clan.alerts.summary import STYLES, ends_of, name_of
    from clan.alerts.text import visible

    named = any(stored.alert.label is not None for stored in found)
    rows = []
    for stored in found:
        a = stored.alert
        rows.append(
            [
                Text(a.alert_id, style="dim" if stored.hidden_by else ""),
                Text("" if a.when is None else a.when.strftime("%Y-%m-%d %H:%M:%S")),
                Text(SEVERITIES[a.severity], style=STYLES[a.severity]),
                *map(Text, ends_of(a)),
                Text(a.transport_words or "?"),
                *([Text(visible(name_of(a), limit=40))] if named else []),
                Text(number(a.p_value)),
                Text("hidden" if stored.hidden_by else visible(a.reasons[0].sentence, limit=70) if a.reasons else ""),
            ]
        )
    columns = ("alert", "ended (UTC)", "severity", "from", "to", "proto", *(("name",) if named else ()), "p-value")
    return FittingTable(title, (*columns, "first reason"), rows, fold=False)
