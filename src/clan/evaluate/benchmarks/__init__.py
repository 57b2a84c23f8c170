"""The benchmarks that `clan bench` knows, one file each."""

from __future__ import annotations

from clan.errors import UnknownNameError
from clan.evaluate.benchmarks.base import Benchmark
from clan.evaluate.benchmarks.captures import CAPTURES
from clan.evaluate.benchmarks.cross import CROSS
from clan.evaluate.benchmarks.dirty import DIRTY
from clan.evaluate.benchmarks.lab import LAB
from clan.evaluate.benchmarks.p1 import P1
from clan.evaluate.benchmarks.p2 import P2, P2_OPEN, P4_NAMING
from clan.evaluate.benchmarks.p4 import P4
from clan.evaluate.benchmarks.shortcuts import SHORTCUTS
from clan.evaluate.benchmarks.time_order import TIME

BENCHMARKS: dict[str, Benchmark] = {
    each.name: each for each in (P1, P2, P2_OPEN, P4, P4_NAMING, DIRTY, CROSS, TIME, SHORTCUTS, CAPTURES, LAB)
}
"""Name to benchmark."""


def benchmark(name: str) -> Benchmark:
    """Look up a benchmark.

    Raises:
        UnknownNameError: No benchmark has this name.
    """
    if name not in BENCHMARKS:
        raise UnknownNameError("benchmark", name, BENCHMARKS)
    return BENCHMARKS[name]


__all__ = ["BENCHMARKS", "Benchmark", "benchmark"]
