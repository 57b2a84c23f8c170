"""The `clan` command: one file for each sub-command, thin; they call what Python users call."""

from clan.cli.app import main

__all__ = ["main"]
