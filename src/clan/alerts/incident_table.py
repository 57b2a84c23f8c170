"""The incidents of a run or of a store, as a table for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from clan.alerts.alert import SEVERITIES
from clan.alerts.incident import Incident
from clan.alerts.quantity import number
from clan.alerts.summary import STYLES, endpoint
from clan.alerts.text import visible


def incident_table(incidents: Sequence[Incident], *, title: str, ids: bool = False) -> Table:
    """Lay out incidents, in the order given.

    Every cell is plain text with control characters spelled out.

    Args:
        incidents: What to show.
        title: Heading; shown as it is.
        ids: Show the id that other commands take.

    Returns:
        Something for `rich.console.Console.print`.
    """
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for name in (["incident"] if ids else []) + ["first seen (UTC)", "severity", "actor", "target"]:
        table.add_column(name, no_wrap=True)
    table.add_column("alerts", justify="right", no_wrap=True)
    table.add_column("shape", no_wrap=True)
    table.add_column("p-value", justify="right", no_wrap=True)
    table.add_column("name", no_wrap=True)
    for incident in incidents:
        first, technique = incident.first_seen, incident.technique
        label = "" if incident.label is None else visible(incident.label, limit=24)
        table.add_row(
            *([Text(incident.incident_id)] if ids else []),
            Text("" if first is None else first.strftime("%Y-%m-%d %H:%M:%S")),
            Text(SEVERITIES[incident.severity], style=STYLES[incident.severity]),
            Text(_end(incident.actor, incident.actor_name, incident.n_actors)),
            Text(_end(incident.target, incident.target_name, incident.n_targets)),
            Text(f"{incident.n_alerts:,}"),
            Text(shape(incident)),
            Text(number(incident.p_value)),
            Text(label if technique is None else f"{label} ({technique.technique_id})"),
        )
    return table


def shape(incident: Incident) -> str:
    """Write what an incident looks like, in a few words."""
    words = incident.pattern.replace("_", " ")
    protocol = incident.transport or ""
    if incident.n_ports == 1:
        return f"{words}, {protocol} port {incident.ports[0]}".replace("  ", " ")
    return f"{words}, {incident.n_ports:,} {protocol} ports".replace("  ", " ") if incident.n_ports else words


def _end(address: str | None, name: str | None, count: int) -> str:
    if address is None:
        return f"{count:,} hosts"
    shown = endpoint(address, None)
    return f"{visible(name, limit=40)} ({shown})" if name else shown
