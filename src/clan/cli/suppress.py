"""`clan suppress`: what nobody wants to see, from now on and in what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from clan.cli.console import err, show, write_json
from clan.cli.options import Json, Quiet
from clan.cli.storing import DEFAULT, ClassName, Destination, Port, Protocol, Source, StoreFile, moment_of, open_store
from clan.counted import counted

if TYPE_CHECKING:
    from rich.table import Table

    from clan.alerts import Suppression
    from clan.alerts.store import Preview, StoredSuppression

app = typer.Typer(
    name="suppress", help="Hide alerts by network, port, protocol and class, from now on and in the store.",
    no_args_is_help=True,
)  # fmt: skip

Until = Annotated[
    str | None,
    typer.Option(
        "--until", metavar="T", help="Until then: a time, or a span such as 12h or 7d; without it for ever.",
        show_default=False,
    ),
]  # fmt: skip
Either = Annotated[bool, typer.Option("--either", help="Source and destination may be the other way round.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.", show_default=False)]


@app.command("add")
def add(
    src: Source = None,
    dst: Destination = None,
    port: Port = None,
    protocol: Protocol = None,
    class_name: ClassName = None,
    until: Until = None,
    either: Either = False,
    reason: Reason = "",
    store: StoreFile = DEFAULT,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Hide alerts that fit all that is given; running detectors take it up within a batch."""
    entry = _made(src, dst, port, protocol, class_name, until, reason, either=either)
    with open_store(store) as opened:
        table = opened.suppression_table
        before = table.preview(entry)
        hiding = table.add(entry)
    if json:
        write_json({"id": entry.suppression_id, "suppression": str(entry), "hides": hiding, "hidden": before.hidden})
    elif not quiet:
        err.note(
            f"suppression {entry.suppression_id}: {entry}; hides {before.hidden:,} of "
            f"{counted(before.visible, 'stored alert')}"
        )


@app.command("preview")
def preview(
    src: Source = None,
    dst: Destination = None,
    port: Port = None,
    protocol: Protocol = None,
    class_name: ClassName = None,
    until: Until = None,
    either: Either = False,
    store: StoreFile = DEFAULT,
    json: Json = False,
) -> None:
    """Say what a suppression would hide of the stored alerts, and change nothing."""
    entry = _made(src, dst, port, protocol, class_name, until, "", either=either)
    with open_store(store) as opened:
        found: Preview = opened.suppression_table.preview(entry)
    if json:
        write_json({"suppression": str(entry), **found._asdict()})
    else:
        err.note(f"{entry} would have hidden {found.hidden:,} of {counted(found.visible, 'alert')}")


@app.command("list")
def list_(store: StoreFile = DEFAULT, json: Json = False) -> None:
    """Show the suppressions with their hits: alerts hidden as they came, and stored alerts that each hides now."""
    with open_store(store) as opened:
        found = opened.suppression_table.listed()
    if json:
        for each in found:
            write_json(_values(each))
    elif found:
        show(_table(found))
    else:
        err.note("there are no suppressions")


@app.command("remove")
def remove(
    suppression_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it.")],
    store: StoreFile = DEFAULT,
    quiet: Quiet = False,
) -> None:
    """Take a suppression away; what it alone hid is seen again."""
    with open_store(store) as opened:
        entry, shown = opened.suppression_table.remove(suppression_id)
    if not quiet:
        err.note(f"removed {entry.suppression_id}: {entry}; seen again: {counted(shown, 'stored alert')}")


@app.command("import")
def import_(
    path: Annotated[str, typer.Argument(metavar="FILE", help="A threshold.config of Suricata.")],
    store: StoreFile = DEFAULT,
    quiet: Quiet = False,
) -> None:
    """Add the suppress lines for clan (gen_id 2509) of a threshold.config."""
    from clan.alerts import read_thresholds

    found = read_thresholds(path)
    with open_store(store) as opened:
        hiding = sum(opened.suppression_table.add(entry) for entry in found.suppressions)
    for why, count in found.passed_over.items():
        err.warning(f"{counted(count, 'line')} passed over: {why}")
    if found.rate_limit is not None:
        err.warning(
            "its limit is no suppression: give the file to clan detect with --suppress, or use --alerts-per-host"
        )
    if not quiet:
        err.note(f"added {counted(len(found.suppressions), 'suppression')}, hiding {counted(hiding, 'stored alert')}")


def _made(
    src: str | None,
    dst: str | None,
    port: int | None,
    protocol: str | None,
    class_name: str | None,
    until: str | None,
    reason: str,
    *,
    either: bool,
) -> Suppression:
    from datetime import UTC, datetime

    from clan.alerts import suppression

    end = moment_of(until, "--until", ahead=True)
    if end is not None and end <= datetime.now(UTC):
        err.warning(f"--until {until} has passed: only alerts on flows before it are hidden")
    return suppression(
        src=src, dst=dst, port=port, protocol=protocol, label=class_name, until=end, either=either, reason=reason
    )


def _values(each: StoredSuppression) -> dict[str, object]:
    entry = each.suppression
    return {
        "id": entry.suppression_id,
        "src": None if entry.src is None else str(entry.src),
        "dst": None if entry.dst is None else str(entry.dst),
        "port": entry.port,
        "protocol": entry.protocol,
        "class": entry.label,
        "either": entry.either,
        "until": entry.until,
        "reason": entry.reason,
        "origin": entry.origin,
        "created": entry.created,
        "hits": each.hits,
        "last_hit": each.last_hit,
        "hiding": each.hiding,
    }


def _table(found: list[StoredSuppression]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from clan.alerts.text import visible

    table = Table(show_edge=False, pad_edge=False)
    for name in ("id", "hides", "until (UTC)"):
        table.add_column(name, no_wrap=True)
    for name in ("hits", "stored"):
        table.add_column(name, justify="right")
    table.add_column("reason")
    for each in found:
        entry = each.suppression
        table.add_row(
            Text(entry.suppression_id),
            Text(str(entry)),
            Text("for ever" if entry.until is None else entry.until.strftime("%Y-%m-%d %H:%M")),
            Text(f"{each.hits:,}"),
            Text(f"{each.hiding:,}"),
            Text(visible(entry.reason)),
        )
    return table
