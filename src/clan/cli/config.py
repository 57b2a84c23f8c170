"""`clan config`: what a configuration of `clan watch` says, and whether it would work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clan.cli.console import err, write_json
from clan.cli.options import Config, Json, Set
from clan.errors import ClanError, ConfigError, SettingsError

if TYPE_CHECKING:
    from clan.watch import Document, WatchSettings

app = typer.Typer(help="Show or check the configuration of clan watch.", no_args_is_help=True)


@app.command("show")
def show_command(
    config: Config = None,
    assignments: Set = None,
    default: Annotated[bool, typer.Option("--default", help="Print a file to begin with, all keys explained.")] = False,
) -> None:
    """Print the settings in force, as a configuration; defaults are marked, passwords are not shown."""
    from clan.watch import WatchSettings, show

    if default:
        if config is not None or assignments:
            raise ConfigError("--default takes no file and no --set: it prints what there is without them")
        sys.stdout.write(show.default(WatchSettings))
        return
    document = document_of(config, assignments)
    sys.stdout.write(show.effective(settings_of(document), folder=Path(document.path).parent))


@app.command("check")
def check_command(config: Config = None, assignments: Set = None, json: Json = False) -> None:
    """Look at everything that can be known without watching, and say all that is wrong."""
    from clan.watch import check
    from clan.watch.check import warnings

    problems: list[str] = []
    notes: list[str] = []
    code = 0
    try:
        settings = settings_of(document_of(config, assignments))
    except ClanError as error:
        problems = list(error.problems) if isinstance(error, SettingsError) else [str(error)]
        code = 2 if isinstance(error, ConfigError) else 1
    else:
        problems, notes = list(check(settings)), list(warnings(settings))
        code = 1 if problems else 0
    if json:
        write_json({"ok": not problems, "problems": problems, "warnings": notes})
    else:
        for message in problems:
            err.error(message)
        for message in notes:
            err.warning(message)
        if not problems:
            err.note(f"{config} is in order")
    if code:
        raise typer.Exit(code)


def document_of(config: str | None, assignments: list[str] | None) -> Document:
    """Read the file that `-c` names, with what `--set` puts into it.

    Raises:
        ConfigError, SourceUnavailable: It cannot be read.
    """
    from clan.watch import Document

    if config is None:
        raise ConfigError("name a configuration with -c; clan config show --default prints one to begin with")
    return Document.read(config).overridden(assignments or [])


def settings_of(document: Document) -> WatchSettings:
    """Read settings.

    Raises:
        SettingsError: Something is wrong with them.
    """
    from clan.watch import WatchSettings, load

    return load(WatchSettings, document)
