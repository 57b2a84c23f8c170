"""`clan flows`: captures to a flow table."""

from __future__ import annotations

from typing import Annotated

import typer

from clan.cli.console import err, write_json
from clan.cli.options import (
    Bpf,
    CaptureTool,
    Columns,
    Features,
    Follow,
    Format,
    Interface,
    Join,
    Json,
    Listen,
    More,
    Quiet,
    Read,
    State,
    Strict,
    Wanted,
    Workers,
    columns_of,
    groups_of,
)
from clan.counted import counted


def command(
    more: More = None,
    read: Read = None,
    interface: Interface = None,
    listen: Listen = None,
    bpf: Bpf = None,
    capture_tool: CaptureTool = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="A name ending in .parquet, .csv or .ndjson, or -.")
    ] = "-",
    profile: Annotated[str, typer.Option("--profile", help="How flows are cut: default or lycos.")] = "default",
    follow: Follow = False,
    state: State = None,
    features: Features = None,
    columns: Columns = None,
    format_name: Format = None,
    join: Join = False,
    strict: Strict = False,
    workers: Workers = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Turn captures, or what an interface sees, into a table of flows: identity columns first, then the features."""
    from clan.cli.reading import WATCHED, as_json, tell
    from clan.errors import ConfigError
    from clan.flows import profile as settings_of
    from clan.sources import open_reader
    from clan.sources.tabular import METADATA_KEY, note_of
    from clan.tables import STDOUT, TableWriter, check_continued

    if json and output == STDOUT:
        raise ConfigError("--json writes to standard output, which already carries the flows; name a file with -o")
    wanted = Wanted(
        paths=[*(read or []), *(more or [])],
        interfaces=interface or [],
        listen=listen or [],
        columns=columns_of(columns),
        bpf=bpf,
        tool=capture_tool,
        format_name=format_name,
        join=join,
        strict=strict,
        workers=workers,
        features=groups_of(features),
        follow=follow,
        state=state,
    )
    if wanted.endless:
        check_continued(output)
    reader = open_reader(wanted, settings_of(profile), readers=WATCHED)
    with TableWriter(output, append=wanted.endless) as table:
        for batch in reader.batches():
            table.write(batch)
        table.metadata[METADATA_KEY] = note_of(reader.origin())
    if json:
        write_json(as_json(reader.report) | {"output": output})
    if not quiet:
        tell(reader.report)
        if output != STDOUT:
            err.note(f"wrote {counted(table.rows, 'flow')} to {output}")
