"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from clan.errors import ConfigError

More = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH]...", help="More captures, so that -r a.pcap b.pcap and -r *.pcap work.", show_default=False
    ),
]
Read = Annotated[
    list[str] | None,
    typer.Option(
        "-r",
        "--read",
        metavar="PATH",
        help="Capture to read: a file, a folder, a glob or - for standard input; repeatable. pcap and pcapng, also "
        ".gz and .zst.",
        show_default=False,
    ),
]
Format = Annotated[str, typer.Option("--format", help="Take every input as this format instead of looking at it.")]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first damaged record instead of counting it.")]
Join = Annotated[
    bool, typer.Option("--join", help="The inputs are the parts of one rotated capture, in the order given.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as JSON on standard output.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say only what went wrong.")]
Model = Annotated[str, typer.Option("-m", "--model", metavar="MODEL", help="Model file made by clan train.")]


def inputs(read: list[str] | None, more: list[str] | None) -> list[str]:
    """Put together what the user asked to read.

    Raises:
        ConfigError: Nothing.
    """
    paths = [*(read or []), *(more or [])]
    if not paths:
        raise ConfigError("nothing to read: name captures with -r, for instance -r monday.pcap")
    return paths
