"""Listening to exporters until somebody says stop."""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import polars as pl

from clan.flows import warm_up_identity
from clan.sources.context_columns import ContextColumns
from clan.sources.groups import wanted_groups
from clan.sources.live import LiveStatus
from clan.sources.netflow.exporter import GROUPS, SETTINGS, Exporter
from clan.sources.netflow.held_templates import HeldTemplates
from clan.sources.netflow.join import WAIT_US, warm_up_joining
from clan.sources.netflow.listener import Listener, Place
from clan.sources.netflow.waiting import WaitingSets
from clan.sources.report import ReadReport

MAX_EXPORTERS: Final = 1024
"""Exporters that are told apart; datagrams of further ones are refused and counted, since anybody can send some."""
TURN: Final = 8192
"""Datagrams of a port that are taken before flows are looked after."""
TICK_S: Final = 0.25
STATUS_EVERY_S: Final = 1.0
FLOWS_EVERY_S: Final = 1.0
"""How often records are read and joined: many at once cost less."""


class NetflowReader:
    """The flows that exporters send as NetFlow v5, v9 or IPFIX, each exporter its own stream, until `stop`.

    Args:
        places: Where to listen.
        features: Feature groups of the tables; None: `conn`.
        wait_s: How long a direction waits for the other one.

    Raises:
        ConfigError: Records cannot tell such features.
        SourceUnavailable: A port cannot be listened on.
    """

    kind = "netflow"

    def __init__(
        self, places: Sequence[Place], *, features: Sequence[str] | None = None, wait_s: float = WAIT_US / 1e6
    ) -> None:
        self.groups = wanted_groups(features, told=GROUPS, kind=self.kind)
        """Feature groups of the flow tables."""
        self._context = ContextColumns(self.groups)
        self.report = ReadReport()
        self.on_status: Callable[[LiveStatus], None] | None = None
        """Told about every second how it goes."""
        self.on_stats: Callable[[LiveStatus], None] | None = None
        """Told the same, and once more at the end."""
        self._wait_us = round(wait_s * 1e6)
        self._exporters: dict[str, Exporter] = {}
        self._early, self._templates = WaitingSets(), HeldTemplates()
        self._counts = Counter[str]()
        self._stopping = False
        self.listeners: list[Listener] = []
        warm_up_identity()  # compiling takes seconds, in which datagrams would be lost
        warm_up_joining()
        # a byte in a socket ends the waiting at once, and may be written in a signal handler
        self._bell, self._ring = socket.socketpair()
        self._ring.settimeout(0)
        try:
            for place in dict.fromkeys(places):
                self.listeners.append(Listener(place))
        except BaseException:
            self.close()
            raise
        self._started = self._status_at = self._flows_at = time.monotonic()
        self._before = Counter[str]()

    def origin(self) -> dict[str, Any]:
        """Give what a model remembers of where its flows came from, as JSON values."""
        return {"kind": self.kind, "formats": ["udp"], "settings": dict(SETTINGS)}

    def stop(self) -> None:
        """End it; `batches` then gives what is left, and ends. Safe in a signal handler."""
        self._stopping = True
        try:
            self._ring.send(b"\0")
        except OSError:
            return  # it has rung already, or is over

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flows as their conversations end, until `stop`; in order of (`ts_end`, `uid`) for each exporter."""
        try:
            with selectors.DefaultSelector() as waiting:
                waiting.register(self._bell, selectors.EVENT_READ)
                for listener in self.listeners:
                    waiting.register(listener, selectors.EVENT_READ)
                while not self._stopping:
                    waiting.select(TICK_S)
                    yield from self._turn()
            while any(self._hear(listener) for listener in self.listeners):  # what has come is not left behind
                pass
            for exporter in self._exporters.values():
                yield from self._told(exporter.finish())
        finally:
            self.close()
            self.report.streams = len(self._exporters)
            self.report.counts = self._all_counts()
            self.report.warnings = [w for exporter in self._exporters.values() for w in exporter.warnings()]
            if self.on_stats is not None:
                self.on_stats(self._status(time.monotonic(), ended=True))

    def _turn(self) -> Iterator[pl.DataFrame]:
        """Take what has come, and let flows leave when it is time."""
        for listener in self.listeners:
            self._hear(listener)
        now = time.monotonic()
        if now - self._flows_at >= FLOWS_EVERY_S:
            self._flows_at = now
            for exporter in self._exporters.values():
                yield from self._told(exporter.flows(round(now * 1e6)))
        if now - self._status_at >= STATUS_EVERY_S:
            status = self._status(now)
            for tell in (self.on_status, self.on_stats):
                if tell is not None:
                    tell(status)

    def _hear(self, listener: Listener) -> bool:
        """Hand a port's datagrams to their exporters; whether there were as many as a turn takes."""
        n = 0
        for data, sender in listener.datagrams(TURN):
            n += 1
            exporter = self._exporters.get(sender)
            if exporter is None:
                if len(self._exporters) >= MAX_EXPORTERS:
                    self._counts["refused_datagrams"] += 1
                    continue
                exporter = self._exporters[sender] = Exporter(
                    sender, wait_us=self._wait_us, early=self._early, held=self._templates
                )
            exporter.feed(data)
        return n == TURN

    def _told(self, batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        for batch in batches:
            self.report.flows += batch.height
            yield self._context.add(batch, batch["source"][0])

    def close(self) -> None:
        """Release the ports; safe to call twice."""
        for listener in self.listeners:
            listener.close()
        self._bell.close()
        self._ring.close()

    def _all_counts(self) -> Counter[str]:
        """Add up the counters of all exporters."""
        total = Counter(self._counts)
        for exporter in self._exporters.values():
            total.update(exporter.counts)
        total.update(self._context.counts())
        total["kernel_dropped_datagrams"] = sum(listener.kernel_drops for listener in self.listeners)
        return total

    def _status(self, now: float, *, ended: bool = False) -> LiveStatus:
        """Say how it goes; rates are since the last time."""
        counts, passed = self._all_counts(), max(now - self._status_at, 1e-9)
        status = LiveStatus(
            seconds=now - self._started,
            packets=counts["datagrams"],
            packets_per_s=(counts["datagrams"] - self._before["datagrams"]) / passed,
            bits_per_s=8 * (counts["datagram_bytes"] - self._before["datagram_bytes"]) / passed,
            flows=self.report.flows,
            open_flows=sum(exporter.waiting for exporter in self._exporters.values()),
            kernel_dropped=counts["kernel_dropped_datagrams"],
            counts=dict(counts),
            ended=ended,
            unit="datagrams",
        )
        self._before, self._status_at = counts, now
        return status
