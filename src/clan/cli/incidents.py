"""`clan incidents`: what the store holds, alerts of one go told as one."""

from __future__ import annotations

from typing import Annotated

import typer

from clan.cli.console import err, show, write_json
from clan.cli.options import Json
from clan.cli.storing import (
    DEFAULT,
    Before,
    ClassName,
    Destination,
    Filters,
    Hidden,
    Host,
    Limit,
    Severity,
    Since,
    Source,
    StoreFile,
    open_store,
)

app = typer.Typer(name="incidents", help="List and show the incidents of a store.", no_args_is_help=True)


@app.command("list")
def list_(
    host: Host = None,
    src: Source = None,
    dst: Destination = None,
    class_name: ClassName = None,
    since: Since = None,
    before: Before = None,
    severity: Severity = None,
    hidden: Hidden = False,
    limit: Limit = 50,
    store: StoreFile = DEFAULT,
    json: Json = False,
) -> None:
    """Show incidents, the latest first; --src is the actor, --dst the target."""
    from clan.alerts import incident_table, incident_values

    query = Filters(
        host=host, src=src, dst=dst, label=class_name, since=since, before=before, severity=severity, hidden=hidden,
        limit=limit,
    ).query()  # fmt: skip
    with open_store(store) as opened:
        found, total = list(opened.incidents(query)), opened.count_incidents(query)
    if json:
        for incident in found:
            write_json(incident_values(incident))
    elif found:
        more = f", {len(found):,} of {total:,}" if len(found) < total else ""
        show(incident_table(found, title=f"Incidents, latest first{more}", listed=True))
    else:
        err.note("no incident fits")


@app.command("show")
def show_(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="Its id, or the beginning of it.")],
    limit: Limit = 20,
    hidden: Hidden = False,
    store: StoreFile = DEFAULT,
    json: Json = False,
) -> None:
    """Show one incident with its alerts."""
    from rich.console import Group
    from rich.text import Text

    from clan.alerts import SEVERITIES, incident_values
    from clan.cli.alerts import alert_table

    with open_store(store) as opened:
        found = opened.incident(incident)
        query = Filters(incident=found.incident_id, hidden=hidden, limit=limit).query()
        alerts, total = list(opened.alerts(query)), opened.count_alerts(query)
    if json:
        write_json(incident_values(found) | {"stored_alerts": total})
        return
    technique = found.technique
    lines = [
        f"incident {found.incident_id}, {found.state}, {SEVERITIES[found.severity]}",
        found.sentence,
        f"first seen {found.first_seen}, last seen {found.last_seen}",
    ]
    if technique is not None:
        lines.append(f"ATT&CK {technique.technique_id} {technique.name} ({technique.tactic})")
    if found.n_limited:
        lines.append(f"not stored, for they were over the limit of their host: {found.n_limited:,} of its alerts")
    more = f", {len(alerts):,} of {total:,}" if len(alerts) < total else ""
    show(Group(*(Text(line) for line in lines), alert_table(alerts, title=f"Its stored alerts, latest first{more}")))
