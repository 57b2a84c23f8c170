"""The `clan` command: one file for each sub-command, thin; they call what Python users call."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code.

    Args:
        argv: Arguments without the program's name; default: those of the process.
    """
    try:
        from clan.cli.app import main as run  # a second or two, in which Ctrl-C deserves no traceback
    except KeyboardInterrupt:
        return _INTERRUPTED
    return run(argv)
