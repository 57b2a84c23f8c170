"""Running the machine's own programs for building the lab; never a shell line."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from lab.errors import LabError

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds the package `lab`."""


def output(*arguments: str) -> str:
    """Run a program to its end and give what it printed.

    Raises:
        LabError: It failed.
    """
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"`{' '.join(arguments)}` failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def ip(*arguments: str) -> str:
    """Run `ip`."""
    return output("ip", *arguments)


def inside(namespace: str, arguments: Sequence[str]) -> list[str]:
    """Give the command line that runs a program in a namespace."""
    return ["ip", "netns", "exec", namespace, *arguments]
