"""The flow engine: chunks of packets in, ordered frames of finished flows out."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from clan.flows import counters as c
from clan.flows.assemble import CLOCK, RESET, Packets, assemble
from clan.flows.columns import collect
from clan.flows.early import EARLY
from clan.flows.fragments import new_fragments
from clan.flows.lifecycle import DONE_COUNT, Exit, expire, flush, newest_update, oldest_update
from clan.flows.packet import ICMP, ICMPV6, PACKET, SCTP, TCP, UDP, UDPLITE
from clan.flows.profile import NEVER, EarlyReports, FlowSettings
from clan.flows.sampling import PASSED_OVER, SAMPLE
from clan.flows.state import KEY_WORDS, STATE
from clan.flows.table import new_table, release_all
from clan.flows.text import LINE_LENGTH, number_uids, write_identity
from clan.schema import IDENTITY, features_of

BATCH_FLOWS: Final = 16_384
"""Finished flows that are turned into columns together. It fixes where batches are cut, so that the order of the
output does not depend on how the input was chunked."""

Records = npt.NDArray[np.void]
"""Flows, as `clan.flows.state.STATE`."""
Rows = npt.NDArray[np.uint64]
"""The same as plain numbers, a row for each flow: NumPy copies those much faster than records."""

_TEXT_COLUMNS: Final = ("uid", "community_id", "src_ip", "dst_ip", "vlan", "tunnel")
_FEATURES: Final = features_of(["flow"])
_WITH_PORTS: Final = (TCP, UDP, UDPLITE, SCTP, ICMP, ICMPV6)


class FlowEngine:
    """One stream of packets, made into flows.

    Flows leave in order of (`ts_end`, `uid`), behind a watermark of the longest idle timeout; memory is bounded by
    `FlowSettings.max_flows` and by what ends within one timeout.

    Args:
        settings: How flows are cut.
        source: Name of the stream, for the `source` column.
        early: When long flows are reported before their end. The tables then have one more column, `early`; an early
            report has the uid that its flow will have, and leaves at once rather than in order.
    """

    def __init__(self, settings: FlowSettings, *, source: str, early: EarlyReports | None = None) -> None:
        self.settings = settings
        self.source = source
        self.counters = c.new_counters()
        self._rules = settings.rules(early)
        self._table = new_table(settings.max_flows, int.from_bytes(os.urandom(8)))
        self._fragments = new_fragments()
        self._scratch = (np.zeros(2, PACKET), np.zeros(KEY_WORDS, np.uint64))
        self._exit = Exit(
            done=np.zeros(min(BATCH_FLOWS, max(settings.max_flows // 2, 8)), np.int64),
            counters=self.counters,
            control=np.array([0, NEVER, -NEVER // 2, 0, 0], np.int64),
            passed=np.zeros(PASSED_OVER, np.uint64),
            passed_ts=np.zeros(PASSED_OVER, np.int64),
        )
        self._rows = as_rows(self._table.flows)
        self._waiting = np.empty((2 * BATCH_FLOWS, self._rows.shape[1]), np.uint64)  # finished, in no order yet
        self._n_waiting = 0
        self._look_again_at = BATCH_FLOWS  # waiting rows; doubles while nothing may leave, so that work stays linear
        self._newest_end = -NEVER  # us, of the flows that have left

    def feed(self, packets: Packets) -> Iterator[pl.DataFrame]:
        """Add a chunk of packets; yields the flows that are behind the watermark now.

        Args:
            packets: Frames in order of capture; each must lie inside the buffer.
        """
        _check(packets)
        at, n = 0, packets.offset.size
        while at < n:
            at = assemble(packets, at, self._rules, self._table, self._fragments, self._exit, self._scratch)
            if at == n:
                break
            if self._exit.control[RESET]:
                self.counters[c.CLOCK_RESETS] += 1
                yield from self.finish()
                self._exit.control[:SAMPLE] = [0, NEVER, -NEVER // 2, 0]
                self._exit.passed.fill(0)
                self._exit.passed_ts.fill(0)
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
        """Flows under way, and finished ones that were not taken yet."""
        return int(self._table.free[2])

    def finish(self) -> Iterator[pl.DataFrame]:
        """End the stream: yields every flow that is left."""
        newest = newest_update(self._table)
        while not flush(self._table, self._rules, newest, self._exit):
            yield from self._take()
        yield from self._take()
        yield from self._leave(NEVER)

    def counts(self) -> dict[str, int]:
        """Give the counters by name, as in `clan.flows.COUNTERS`."""
        return dict(zip(c.COUNTERS, self.counters.tolist(), strict=True))

    def _take(self) -> Iterator[pl.DataFrame]:
        """Turn the finished flows into columns, free their slots, and let go what is behind the watermark."""
        n = int(self._exit.control[DONE_COUNT])
        if n:
            slots = self._exit.done[:n].copy()
            phases = self._table.flows["phase"][slots]
            early = self._frame(as_records(self._rows[slots[phases == EARLY]]), early=True) if EARLY in phases else None
            self._wait(slots[phases != EARLY])
            release_all(self._table, slots)
            self._exit.control[DONE_COUNT] = 0
            if early is not None:
                yield early
        if self._n_waiting >= self._look_again_at:
            yield from self._leave(int(self._exit.control[CLOCK]) - self.settings.watermark_us())

    def _leave(self, watermark: int) -> Iterator[pl.DataFrame]:
        """Yield the waiting flows that end before a time (us), in order."""
        waiting = self._waiting[: self._n_waiting]
        ends = as_records(waiting)["last_ts"]
        ready = np.flatnonzero(ends < watermark)
        if not ready.size:
            self._look_again_at = 2 * max(self._n_waiting, BATCH_FLOWS)
            return
        uids = np.empty((2, ready.size), np.uint64)
        number_uids(as_records(waiting), ready, uids)
        records = as_records(waiting[ready[np.lexsort((uids[1], uids[0], ends[ready]))]])
        rest = waiting[ends >= watermark]
        self._waiting[: len(rest)] = rest
        self._n_waiting = len(rest)
        self._look_again_at = len(rest) + max(len(rest), BATCH_FLOWS)
        self.counters[c.LATE] += int((records["last_ts"] < self._newest_end).sum())
        self._newest_end = max(self._newest_end, int(records["last_ts"][-1]))
        yield self._frame(records, early=False)

    def _wait(self, slots: npt.NDArray[np.int64]) -> None:
        """Copy finished flows to where they wait for their turn."""
        n = self._n_waiting + slots.size
        if n > len(self._waiting):
            more = np.empty((max(n, 2 * len(self._waiting)), self._waiting.shape[1]), np.uint64)
            more[: self._n_waiting] = self._waiting[: self._n_waiting]
            self._waiting = more
        np.take(self._rows, slots, axis=0, out=self._waiting[self._n_waiting : n], mode="clip")
        self._n_waiting = n

    def _frame(self, records: Records, *, early: bool) -> pl.DataFrame:
        """Make the flow table's rows of some finished flows, in their order."""
        n = records.size
        numbers = np.empty((5, n), np.int64)
        text = np.empty(n * LINE_LENGTH, np.uint8)
        used = write_identity(records, _text_scratch(), numbers, text)
        names = pl.read_csv(
            io.BytesIO(text[:used].tobytes()),
            has_header=False,
            new_columns=list(_TEXT_COLUMNS),
            schema_overrides=[pl.String] * len(_TEXT_COLUMNS),
            quote_char=None,
        )
        values = np.empty((len(_FEATURES), n))
        collect(records, values)
        start, end, src_port, dst_port, protocol = (pl.Series(row) for row in numbers)
        has_ports = protocol.is_in(_WITH_PORTS)
        identity = {name: names[name] for name in _TEXT_COLUMNS} | {
            "ts_start": start.cast(IDENTITY["ts_start"]),
            "ts_end": end.cast(IDENTITY["ts_end"]),
            "src_port": src_port.set(~has_ports, None),
            "dst_port": dst_port.set(~has_ports, None),
            "protocol": protocol,
            "source": pl.repeat(self.source, n, dtype=pl.String, eager=True),
        }
        columns = {name: identity[name] for name in IDENTITY}
        for feature, row in zip(_FEATURES, values, strict=True):
            columns[feature.name] = pl.Series(row.astype(np.int64) if feature.integer else row)
        if self._rules.early:
            columns["early"] = pl.repeat(early, n, dtype=pl.Boolean, eager=True)
        return pl.DataFrame(columns)


def as_rows(records: Records) -> Rows:
    """View records as rows of numbers."""
    return records.view(np.uint64).reshape(records.size, -1)


def as_records(rows: Rows) -> Records:
    """View rows of numbers as records."""
    return rows.reshape(-1).view(STATE)


def _text_scratch() -> tuple[object, ...]:
    """Make the scratch arrays of `write_identity`."""
    hashing = (np.zeros(64, np.uint8), np.zeros(80, np.uint64), np.zeros(21, np.uint8))
    return hashing, np.zeros(4, np.uint64), np.zeros(2, np.int64)


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
