"""The flow engine: chunks of packets in, ordered frames of finished flows out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import polars as pl

from clan.flows import counters as c
from clan.flows.ahead import new_ahead
from clan.flows.assemble import CLOCK, RESET, Packets, assemble
from clan.flows.early import EARLY
from clan.flows.fragments import new_fragments
from clan.flows.frame import make_frame
from clan.flows.lifecycle import DONE_COUNT, Exit, expire, flush, newest_update, oldest_update
from clan.flows.payload import READY, digest, new_names, new_scratch
from clan.flows.profile import NEVER, EarlyReports, FlowSettings
from clan.flows.sampling import PASSED_OVER, SAMPLE
from clan.flows.state import DONE
from clan.flows.table import new_table, release_all
from clan.flows.waiting import BATCH_FLOWS, Slots, Waiting

PACKET_GROUPS: Final[tuple[str, ...]] = ("flow", "conn", "payload")
"""The feature groups that packets tell; of `conn` the measured columns, from which the others follow."""

STEP_BACK_US: Final = 100_000
"""Steps of the clock back by up to this much never cost the order of the output."""


class FlowEngine:
    """One stream of packets, made into flows.

    Flows leave in order of (`ts_end`, `uid`), behind a watermark that no open flow can still end before; memory is
    bounded by `FlowSettings.max_flows`, for open flows and again for those that wait to leave.

    Args:
        settings: How flows are cut.
        source: Name of the stream, for the `source` column.
        early: When long flows are reported before their end. The tables then have one more column, `early`; an early
            report has the uid that its flow will have, and leaves at once rather than in order.
        groups: Feature groups to compute, of `PACKET_GROUPS`, in the order of their columns.
    """

    def __init__(
        self,
        settings: FlowSettings,
        *,
        source: str,
        early: EarlyReports | None = None,
        groups: Sequence[str] = ("flow",),
    ) -> None:
        self.settings = settings
        self.groups = tuple(groups)
        self.source = source
        self.counters = c.new_counters()
        self._rules = settings.rules(early)
        self._waiting = Waiting(settings.max_flows)
        self._table = new_table(
            settings.max_flows, self._waiting.room, int.from_bytes(os.urandom(8)), payload="payload" in self.groups
        )
        self._scratch, self._names = new_scratch(), new_names()
        self._fragments = new_fragments()
        self._ahead = new_ahead()
        self._exit = Exit(
            done=np.zeros(min(BATCH_FLOWS, max(settings.max_flows // 2, 8)), np.int64),
            counters=self.counters,
            control=np.array([0, NEVER, -NEVER // 2, 0, 0], np.int64),
            passed=np.zeros(PASSED_OVER, np.uint64),
            passed_ts=np.zeros(PASSED_OVER, np.int64),
        )
        self._newest_end = -NEVER  # us, of the flows that have left

    def feed(self, packets: Packets) -> Iterator[pl.DataFrame]:
        """Add a chunk of packets; yields the flows that are behind the watermark now.

        Args:
            packets: Frames in order of capture; each must lie inside the buffer.
        """
        _check(packets)
        at, n = 0, packets.offset.size
        while at < n:
            at = assemble(packets, at, self._rules, self._table, self._fragments, self._exit, self._ahead)
            if at == n:
                break
            if self._digest():
                continue
            if self._exit.control[RESET]:
                self.counters[c.CLOCK_RESETS] += 1
                yield from self.finish()
                self._exit.control[:SAMPLE] = [0, NEVER, -NEVER // 2, 0]
                self._exit.passed.fill(0)
                self._exit.passed_ts.fill(0)
                self._names.parents.fill(0)
                self._newest_end = -NEVER
            else:
                yield from self._take()

    def advance(self, now_us: int | None = None) -> Iterator[pl.DataFrame]:
        """Let go what is finished without waiting for more of it.

        For live capture: where batches are cut depends on when this is called, and which flows there are on `now_us`.

        Args:
            now_us: The link has been silent up to this time of the capture's clock, so flows end by it; None while
                packets come, as they move the clock themselves.
        """
        clock = self.clock_us
        if now_us is not None and now_us > clock:
            clock = now_us
            while not expire(self._table, self._rules, now_us, self._exit):
                yield from self._take()
        yield from self._take()
        yield from self._leave(min(clock, oldest_update(self._table)))

    def sample(self, one_in: int) -> None:
        """Follow only one in so many of the flows that begin from now on; those under way are followed to their end.

        Args:
            one_in: 1 or more; 1 follows all again.
        """
        if one_in > 1 or self._exit.control[SAMPLE]:
            self._exit.control[SAMPLE] = one_in

    @property
    def clock_us(self) -> int:
        """The newest time of the stream, us since the epoch."""
        return int(self._exit.control[CLOCK])

    @property
    def open_flows(self) -> int:
        """Flows under way."""
        return int(self._table.free[2] - self._table.free[3] - self._exit.control[DONE_COUNT])

    def finish(self) -> Iterator[pl.DataFrame]:
        """End the stream: yields every flow that is left."""
        newest = newest_update(self._table)
        while not flush(self._table, self._rules, newest, self._exit):
            yield from self._set_aside()
        yield from self._set_aside()
        yield from self._leave(NEVER)

    def counts(self) -> dict[str, int]:
        """Give the counters by name, as in `clan.flows.COUNTERS`."""
        return dict(zip(c.COUNTERS, self.counters.tolist(), strict=True))

    def _take(self) -> Iterator[pl.DataFrame]:
        """Set the finished flows aside, and let go what is behind the watermark."""
        yield from self._set_aside()
        if self._waiting.is_due:
            yield from self._leave(self._watermark())

    def _set_aside(self) -> Iterator[pl.DataFrame]:
        """Put the finished flows with those that wait; early reports of flows that go on leave at once."""
        slots = self._exit.done[: self._exit.control[DONE_COUNT]]
        phases = self._table.flows["phase"][slots]
        self._waiting.add(self._table, slots[phases == DONE])
        early = slots[phases == EARLY]
        self._exit.control[DONE_COUNT] = 0
        if early.size:
            yield self._let_go(early, early=True)

    def _watermark(self) -> int:
        """Give the time (us) before which no flow will end any more.

        An open flow ends no earlier than it was updated, so the flow that was silent longest is the mark. Captures
        step back a little at times; within that the timeouts decide, which bound the wait in any case.
        """
        clock = int(self._exit.control[CLOCK])
        by_timeout = clock - self.settings.watermark_us()
        return max(by_timeout, min(clock, oldest_update(self._table)) - STEP_BACK_US)

    def _leave(self, watermark: int) -> Iterator[pl.DataFrame]:
        """Yield the waiting flows that end before a time (us), in order."""
        slots, ends = self._waiting.leave(self._table, watermark)
        if not slots.size:
            return
        self.counters[c.LATE] += int((ends < self._newest_end).sum())
        self._newest_end = max(self._newest_end, int(ends[-1]))
        for first in range(0, slots.size, BATCH_FLOWS):
            yield self._let_go(slots[first : first + BATCH_FLOWS], early=False)

    def _let_go(self, slots: Slots, *, early: bool) -> pl.DataFrame:
        """Make the rows of some flows, and free their slots."""
        shown = early if self._rules.early else None
        self._digest()
        frame = make_frame(self._table, slots, source=self.source, early=shown, groups=self.groups)
        release_all(self._table, slots)
        return frame

    def _digest(self) -> bool:
        """Turn the payload that waits into numbers; False when none does."""
        if not self._table.payload.control[READY]:
            return False
        digest(self._table.payload, self._scratch, self._names)
        return True


def _check(packets: Packets) -> None:
    """Check once, outside the compiled code, that no frame points beyond its buffer."""
    n = packets.offset.size
    if any(column.size != n for column in packets[1:]):
        raise ValueError(f"the packet columns differ in length: {[column.size for column in packets[1:]]}")
    if n and (
        packets.offset.min() < 0
        or packets.captured.min() < 0
        or packets.length.min() < 0
        or (packets.offset + packets.captured).max() > packets.buffer.size
    ):
        raise ValueError("a frame lies outside its buffer")
