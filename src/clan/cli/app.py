"""The command tree, and how errors become exit codes.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no flows were read, 130 cut short by an interrupt. What runs until Ctrl-C
(`clan watch`, `clan detect -i`) is done with the first one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from clan._version import __version__
from clan.cli import (
    alerts,
    bench,
    calibrate,
    config,
    detect,
    doctor,
    evaluate,
    finetune,
    flows,
    incidents,
    info,
    sinks,
    suppress,
    train,
    verdict,
    watch,
)
from clan.cli.console import err, show_warnings
from clan.errors import ClanError, ConfigError, NoFlows, SettingsError

FAILED, USAGE, NO_FLOWS = 1, 2, 3

app = typer.Typer(
    name="clan",
    help="A network intrusion detector that learns your normal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("flows")(flows.command)
app.command("train")(train.command)
app.command("calibrate")(calibrate.command)
app.command("detect")(detect.command)
app.command("watch")(watch.command)
app.command("finetune")(finetune.command)
app.command("evaluate")(evaluate.command)
app.command("bench")(bench.command)
app.add_typer(config.app, name="config")
app.add_typer(alerts.app, name="alerts")
app.add_typer(incidents.app, name="incidents")
app.add_typer(suppress.app, name="suppress")
app.command("verdict")(verdict.command)
app.add_typer(sinks.app, name="sinks")
app.command("info")(info.command)
app.command("doctor")(doctor.command)


def _version(*, asked: bool) -> None:
    if asked:
        sys.stdout.write(f"clan {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=lambda value: _version(asked=value), is_eager=True)
    ] = False,
) -> None:
    """A network intrusion detector that learns your normal: train on benign traffic, detect within an alert budget."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code.

    Args:
        argv: Arguments without the program's name; default: those of the process.
    """
    try:
        with show_warnings():
            app(args=list(sys.argv[1:] if argv is None else argv), prog_name="clan")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except BrokenPipeError:  # the reader of our output has seen enough; keep Python from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except ClanError as error:
        for message in error.problems if isinstance(error, SettingsError) else (str(error),):
            err.error(message)
        if isinstance(error, NoFlows):
            return NO_FLOWS
        return USAGE if isinstance(error, ConfigError) else FAILED
    return 0
