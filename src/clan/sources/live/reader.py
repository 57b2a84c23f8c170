"""Watching interfaces until somebody says stop."""

from __future__ import annotations

import selectors
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from clan.errors import SourceUnavailable
from clan.flows import EarlyReports, FlowSettings
from clan.sources.context_columns import ContextColumns
from clan.sources.groups import wanted_groups
from clan.sources.live.source import LiveSource
from clan.sources.live.warm_up import warm_up
from clan.sources.report import ReadReport

TICK_S: Final = 0.25
"""How long a quiet link is waited for before the clock is looked at."""
STATUS_EVERY_S: Final = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveStatus:
    """How a capture is going, all interfaces together.

    Attributes:
        seconds: Since the start.
        packets: So far.
        packets_per_s: Since the last status.
        bits_per_s: On the wire, since the last status.
        flows: That have ended and left.
        open_flows: Under way.
        kernel_dropped: Packets that the kernel dropped; None while no tool has told.
        sampled_out: Packets of flows that are not followed.
        one_in: One new flow in this many is followed (the worst of the interfaces).
        behind_s: For how long a pipe has not been found empty (the worst of the interfaces).
        counts: All counters, as `ReadReport.counts` has them at the end.
        ended: Whether this is the last one.
        unit: What is counted as packets: those of an interface, or the datagrams of exporters.
    """

    seconds: float
    packets: int
    packets_per_s: float
    flows: int
    bits_per_s: float = 0.0
    open_flows: int = 0
    kernel_dropped: int | None = 0
    sampled_out: int = 0
    one_in: int = 1
    behind_s: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    ended: bool = False
    unit: str = "packets"


class LiveReader:
    """The flows of some interfaces, each its own stream, until `stop`.

    Args:
        interfaces: Their names; a name given twice counts once.
        settings: How flows are cut.
        features: Feature groups; None: `flow`.
        bpf: Filter expression, or None.
        early: When long flows are reported early; None: never.
        tool: The capture tool to use; None: the first that may capture.

    Raises:
        ConfigError, SourceUnavailable: As `LiveSource`; when one interface cannot be captured, none is.
    """

    kind = "packets"

    def __init__(
        self,
        interfaces: Sequence[str],
        *,
        settings: FlowSettings | None = None,
        features: Sequence[str] | None = None,
        bpf: str | None = None,
        early: EarlyReports | None = None,
        tool: str | None = None,
    ) -> None:
        self.settings = settings or FlowSettings()
        self.groups = wanted_groups(features, told=LiveSource.groups, kind=self.kind)
        self._context = ContextColumns(self.groups)
        self.report = ReadReport()
        self.on_status: Callable[[LiveStatus], None] | None = None
        """Told about every second how the capture is going."""
        self.on_stats: Callable[[LiveStatus], None] | None = None
        """Told the same, and once more at the end."""
        warm_up(self.groups)  # compiling takes half a minute, in which packets would be lost
        self.sources: list[LiveSource] = []
        try:
            for name in dict.fromkeys(interfaces):
                self.sources.append(
                    LiveSource(name, self.settings, features=self.groups, bpf=bpf, early=early, tool=tool)
                )
        except BaseException:
            self.close()
            raise
        self._started = self._status_at = time.monotonic()
        self._before = Counter[str]()

    def origin(self) -> dict[str, Any]:
        """Give what a model remembers of where its flows came from, as JSON values."""
        return {"kind": self.kind, "formats": ["live"], "settings": self.settings.manifest()}

    def stop(self) -> None:
        """End the captures; `batches` then gives what is left, and ends. Safe in a signal handler."""
        for source in self.sources:
            source.stop()

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flows as they end, until `stop`; order within each interface is that of (`ts_end`, `uid`).

        Raises:
            SourceUnavailable: Every capture ended by itself; all their flows have been given by then.
        """
        try:
            for batch in watch(self.sources, each_round=self._tell):
                if "early" not in batch.columns or not batch["early"].any():
                    self.report.flows += batch.height
                yield self._context.add(batch, batch["source"][0])
        finally:
            self.close()
            self._account()
            if self.on_stats is not None:
                self.on_stats(self._status(time.monotonic(), ended=True))
        failures = [source.failure for source in self.sources if source.failure]
        if failures:
            raise SourceUnavailable("; ".join(failures))

    def close(self) -> None:
        """End the captures at once."""
        for source in self.sources:
            source.close()

    def _account(self) -> None:
        """Add up what became of every packet."""
        self.report.streams = len(self.sources)
        self.report.counts = self._counts()
        self.report.warnings = [w for source in self.sources for w in source.warnings()]

    def _counts(self) -> Counter[str]:
        """Add up the counters of all interfaces; those that are 0 stay, since a drop counter of 0 says something."""
        total = Counter[str]()
        for source in self.sources:
            total.update(source.counts())
        total.update(self._context.counts())
        return total

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._status_at < STATUS_EVERY_S:
            return
        status = self._status(now)
        for listener in (self.on_status, self.on_stats):
            if listener is not None:
                listener(status)

    def _status(self, now: float, *, ended: bool = False) -> LiveStatus:
        """Say how the capture is going; rates are since the last time."""
        counts = self._counts()
        passed = max(now - self._status_at, 1e-9)
        told = [source.capture.kernel_drops for source in self.sources]
        status = LiveStatus(
            seconds=now - self._started,
            packets=counts["packets"],
            packets_per_s=(counts["packets"] - self._before["packets"]) / passed,
            bits_per_s=8 * (counts["bytes"] - self._before["bytes"]) / passed,
            flows=self.report.flows,
            open_flows=sum(source.open_flows for source in self.sources),
            kernel_dropped=None if None in told else sum(n for n in told if n is not None),
            sampled_out=counts["sampled_out_packets"],
            one_in=max(source.pressure.one_in for source in self.sources),
            behind_s=max((source.pressure.behind_s(now) for source in self.sources if not source.ended), default=0.0),
            counts=dict(counts),
            ended=ended,
        )
        self._before, self._status_at = counts, now
        return status


def watch(sources: Sequence[LiveSource], *, each_round: Callable[[], None] | None = None) -> Iterator[pl.DataFrame]:
    """Give each interface its turn, and wait while all are quiet, until every capture has ended."""
    with selectors.DefaultSelector() as waiting:
        for source in sources:
            waiting.register(source.capture.out_fd, selectors.EVENT_READ, source)
        running = list(sources)
        while running:
            waiting.select(TICK_S)
            for source in running:
                yield from source.turn()
                if source.ended:
                    waiting.unregister(source.capture.out_fd)
            running = [source for source in running if not source.ended]
            if running and each_round is not None:
                each_round()
