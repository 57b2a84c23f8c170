"""Files that are read to their end, told about as what has none: for trying out and for tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import polars as pl

from clan.sources import FlowReader, LiveStatus

STATUS_EVERY_S: Final = 1.0


class FiniteReader(FlowReader):
    """Reads files as `FlowReader` does, says about every second how it goes, and ends when it is told to."""

    def __init__(self, *arguments: Any, **how: Any) -> None:
        super().__init__(*arguments, **how)
        self.on_status: Callable[[LiveStatus], None] | None = None
        """Told about every second, and at the end, how it goes."""
        self.on_stats: Callable[[LiveStatus], None] | None = None
        """Told the same."""
        self._stopping = False
        self._started = self._told_at = time.monotonic()
        self._flows_told = 0

    def stop(self) -> None:
        """End it after the flows that are being handled. Safe in a signal handler."""
        self._stopping = True

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flow tables until the end, or until `stop`."""
        for batch in super().batches():
            yield batch
            if time.monotonic() - self._told_at >= STATUS_EVERY_S:
                self._tell()
            if self._stopping:
                break
        self._tell(ended=True)

    def _tell(self, *, ended: bool = False) -> None:
        """Say how it goes; what became of packets is known at the end of each file."""
        now, counts = time.monotonic(), self.report.counts
        status = LiveStatus(
            seconds=now - self._started,
            packets=counts[self.report.unit],
            packets_per_s=counts[self.report.unit] / max(now - self._started, 1e-9),
            bits_per_s=8 * counts["bytes"] / max(now - self._started, 1e-9),
            flows=self.report.flows,
            open_flows=0,
            kernel_dropped=0,
            sampled_out=0,
            one_in=1,
            behind_s=0.0,
            counts=dict(counts),
            ended=ended,
            unit=self.report.unit,
        )
        self._told_at = now
        for tell in (self.on_status, self.on_stats):
            if tell is not None:
                tell(status)
