"""The `clan` command: one file for each sub-command, thin; they call what Python users call."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["INTERRUPTED", "main"]

INTERRUPTED = 130
"""Exit code of what an interrupt cut short, as shells have it: 128 and the number of the signal."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code.

    Args:
        argv: Arguments without the program's name; default: those of the process.
    """
    try:
        from clan.cli.app import main as run  # a second or two, in which Ctrl-C deserves no traceback
    except KeyboardInterrupt:
        return INTERRUPTED
    return run(argv)
