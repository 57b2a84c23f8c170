"""Programs that the lab runs, and when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Command:
    """One run of a program on a host.

    Attributes:
        argv: Program and arguments; never a shell line.
        given: What it reads from standard input.
        seconds: It is killed after this long.
        after_s: Pause before it, in seconds.
    """

    argv: tuple[str, ...]
    given: str = ""
    seconds: float = 15.0
    after_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Commands that a host runs one after the other.

    Attributes:
        at_s: When, in seconds after the start of the recording.
        host: Name of the host.
        kind: What it is called in the log; of an attack, its class.
        commands: What is run.
    """

    at_s: float
    host: str
    kind: str
    commands: tuple[Command, ...]
