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
from clan.counted import counted


def incident_table(incidents: Sequence[Incident], *, title: str, listed: bool = False) -> Table:
    """Lay out incidents, in the order given.

    Every cell is plain text with control characters spelled out.

    Args:
        incidents: What to show.
        title: Heading; shown as it is.
        listed: It is a list out of a store, in the order of what was seen last: show when that was, in place of when it
            began, and the id that other commands take.

    Returns:
        Something for `rich.console.Console.print`.
    """
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1), pad_edge=False)
    if listed:
        table.add_column("incident", no_wrap=True)
    # What wraps does so at its blanks, so that 80 columns hold everything, in two lines or three.
    table.add_column("last seen (UTC)" if listed else "first seen (UTC)", min_width=10)
    table.add_column("severity", no_wrap=True)
    table.add_column("actor to target", min_width=15, overflow="fold")
    table.add_column("alerts", justify="right", no_wrap=True)
    table.add_column("shape, name, p-value", min_width=15, overflow="fold")
    for incident in incidents:
        seen = incident.last_seen if listed else incident.first_seen
        actor = _end(incident.actor, incident.actor_name, incident.n_actors)
        target = _end(incident.target, incident.target_name, incident.n_targets)
        table.add_row(
            *([Text(incident.incident_id)] if listed else []),
            Text("" if seen is None else seen.strftime("%Y-%m-%d %H:%M:%S")),
            Text(SEVERITIES[incident.severity], style=STYLES[incident.severity]),
            Text(f"{actor} to {target}"),
            Text(f"{incident.n_alerts:,}"),
            Text(", ".join([shape(incident), *_name(incident), f"p {number(incident.p_value)}"])),
        )
    return table


def _name(incident: Incident) -> list[str]:
    label, technique = incident.label, incident.technique
    if label is None:
        return []
    shown = visible(label, limit=24)
    return [shown if technique is None else f"{shown} ({technique.technique_id})"]


def shape(incident: Incident) -> str:
    """Write what an incident looks like, in a few words."""
    words = incident.pattern.replace("_", " ")
    protocol = incident.transport or ""
    if incident.n_ports == 1:
        return f"{words}, {protocol} port {incident.ports[0]}".replace("  ", " ")
    if incident.n_ports:
        return f"{words}, {counted(incident.n_ports, f'{protocol} port'.strip())}"
    return f"{words}, {protocol}" if protocol else words


def _end(address: str | None, name: str | None, count: int) -> str:
    if address is None:
        return counted(count, "host")
    shown = endpoint(address, None)
    return f"{visible(name, limit=40)} ({shown})" if name else shown
