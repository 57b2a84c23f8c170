"""How many processes read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from clan.errors import ConfigError

MOST: Final = 256
"""Processes at most: a bound on what a typing error starts."""
WORTH_BYTES: Final = 512 << 20
"""A process takes about two seconds to start, in which one that runs reads this much: less is not worth another."""
ENOUGH_CORES: Final = 3
"""Taking the flows over keeps a core busy too: on two cores, two processes measured no faster than one
(`benchmarks/speed/parallel.py`)."""


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0))


def usual_workers(sizes: Sequence[int]) -> int:
    """Choose how many processes read, where nobody said.

    Args:
        sizes: Bytes of each stream; a stream is read by one process.

    Returns:
        The number of cores, or of streams where that is less; 1 where everything but the largest stream is so small
        that reading it beside the largest would gain nothing, and on few cores.
    """
    if cores() < ENOUGH_CORES or not sizes or sum(sizes) - max(sizes) < WORTH_BYTES:
        return 1
    return min(cores(), len(sizes))


def check_workers(workers: int | None, *, join: bool) -> None:
    """Refuse a number that makes no sense.

    Args:
        workers: As the user gave it, or None.
        join: All inputs are one stream.

    Raises:
        ConfigError: It is not between 1 and `MOST`, or more than 1 for one stream.
    """
    if workers is None:
        return
    if not 1 <= workers <= MOST:
        raise ConfigError(f"workers must be between 1 and {MOST}, got {workers}; this machine has {cores()} cores")
    if workers > 1 and join:
        raise ConfigError(
            f"--join makes one stream of its inputs, and one process reads a stream: leave out --workers {workers}"
        )
