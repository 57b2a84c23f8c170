"""One interface as a source of flows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import polars as pl

from clan.errors import ConfigError
from clan.flows import PACKET_GROUPS, EarlyReports, FlowEngine, FlowSettings
from clan.sources.groups import in_order, measured, wanted_groups
from clan.sources.live.capture import STOP_S, Capture, start_capture
from clan.sources.live.pressure import Pressure
from clan.sources.live.tool import check_interface
from clan.sources.packets import PacketReader

TURN_BYTES: Final = 4 << 20
"""Bytes of one interface that are handled before the next interface has its turn."""
SETTLE_US: Final = 2_000_000
"""How long after its capture a packet may come out of the pipe: flows do not end by the clock any sooner."""
TAKE_EVERY_S: Final = 1.0
"""How often finished flows are taken at most."""
TAKE_SHARE: Final = 0.05
"""The share of the time that taking may cost: with many flows waiting it is done less often."""
ASK_EVERY_S: Final = 5.0
"""How often the tool is asked what the kernel dropped."""


class LiveSource:
    """The flows of one interface; it captures from construction on.

    Args:
        interface: Its name, or ``any``.
        settings: How flows are cut; they need idle timeouts.
        features: Feature groups, of `groups`; None: the first of them.
        bpf: Filter expression for the capture tool, or None.
        early: When long flows are reported early; None: never.
        tool: The capture tool to use; None: the first that may capture.
        clock: Seconds that only go forward.

    Raises:
        ConfigError: The settings have no idle timeouts, the filter is not understood, or packets do not tell a group.
        SourceUnavailable: No such interface, no permission, no tool.
    """

    kind = "packets"
    groups: tuple[str, ...] = PACKET_GROUPS

    def __init__(
        self,
        interface: str,
        settings: FlowSettings,
        *,
        features: Sequence[str] | None = None,
        bpf: str | None = None,
        early: EarlyReports | None = None,
        tool: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if settings.profile == "lycos":
            raise ConfigError("profile lycos has no idle timeouts: live, its flows would never end; use default")
        check_interface(interface)
        self.name = interface
        self.settings = settings.manifest()
        self.failure: str | None = None
        """Why the capture ended although nobody stopped it."""
        self.ended = False
        self._warnings: list[str] = []
        self._clock = clock
        self._stop_by: float | None = None  # when the tool must have ended; None while it shall capture
        self._features = wanted_groups(features, told=self.groups, kind=self.kind)
        self._engine = FlowEngine(settings, source=interface, early=early, groups=measured(self._features))
        self.capture: Capture = start_capture(interface, bpf=bpf, tool=tool)
        self._reader = PacketReader(self.capture.stream, chunk_bytes=TURN_BYTES)
        now = clock()
        self.pressure = Pressure(now)
        self._last_packet: tuple[int, int] | None = None  # our clock and the capture's at the newest packet, us
        self._take_at = self._ask_at = now

    @property
    def bytes_read(self) -> int:
        """Bytes that came through the pipe."""
        return self.capture.stream.bytes_read

    @property
    def open_flows(self) -> int:
        """Flows under way."""
        return self._engine.open_flows

    def turn(self) -> Iterator[pl.DataFrame]:
        """Handle what has come since the last turn, without waiting; yields the flows that may leave."""
        for batch in self._handle():
            yield in_order(batch, self._features)

    def _handle(self) -> Iterator[pl.DataFrame]:
        """Yield the flows that may leave, as the engine makes them."""
        if self.ended:
            return
        self.capture.hear()
        stream, got_packets = self.capture.stream, False
        stream.begin_turn(TURN_BYTES)
        for packets in self._reader.ready():
            got_packets = True
            yield from self._engine.feed(packets)
        now = self._clock()
        if got_packets:
            self._last_packet = round(now * 1e6), self._engine.clock_us
        self._engine.sample(self.pressure.note(now, drained=stream.drained))
        if self._stop_by is not None and now > self._stop_by:
            self.capture.force()
        elif now >= self._ask_at:
            self._ask_at = now + ASK_EVERY_S
            self.capture.ask()
        if stream.ended or self._reader.over:
            yield from self._finish()
        elif now >= self._take_at:
            yield from self._engine.advance(None if got_packets else self._silent_until(now))
            done = self._clock()
            self._take_at = done + max(TAKE_EVERY_S, (done - now) / TAKE_SHARE)

    def _silent_until(self, now: float) -> int | None:
        """Give the time of the capture's clock up to which no packet can still come."""
        if self._last_packet is None or not self.capture.stream.drained:
            return None
        ours, theirs = self._last_packet
        return theirs + round(now * 1e6) - ours - SETTLE_US

    def stop(self) -> None:
        """End the capture; turns go on until what was captured has been handled."""
        if self._stop_by is None:
            self._stop_by = self._clock() + STOP_S
            self.capture.stop()

    def _finish(self) -> Iterator[pl.DataFrame]:
        """End the stream."""
        self.ended = True
        failure = self.capture.failure()
        if self._stop_by is None:
            self.failure = failure or f"{self.capture.tool.name} stopped capturing on {self.name} by itself"
        self._reader.check_end()
        yield from self._engine.finish()

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flows as they end, in order of (`ts_end`, `uid`), until the capture ends."""
        from clan.sources.live.reader import watch

        yield from watch([self])

    def counts(self) -> dict[str, int]:
        """Give what became of every packet so far."""
        dropped = self.capture.kernel_drops or 0
        return {
            **self._engine.counts(),
            "bad_packet_blocks": self._reader.bad_packets,
            "kernel_dropped_packets": dropped,
        }

    def warnings(self) -> list[str]:
        """Give what the user should know."""
        return self._reader.warnings + ([self.failure] if self.failure else [])

    def close(self) -> None:
        """End the capture, whatever is still to be read."""
        self.capture.kill()
