"""The one way in which records reach a receiver: into the spool, and out of it in batches until they are there."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Self

from clan.alerts.delivery.backoff import Backoff
from clan.alerts.delivery.counters import Counters
from clan.alerts.delivery.record import MAX_RECORD, Record, Transport
from clan.alerts.delivery.settings import DeliverySettings
from clan.alerts.delivery.spool import Spool, SpoolFull
from clan.counted import counted
from clan.errors import SinkError

_JOIN_S = 15.0
"""Longest wait for a try that is under way when a delivery is closed; the transports' own time limits are shorter."""
_ARRIVES_S = 0.02
"""Pause between two looks at whether what was sent has arrived."""


class _Sent(NamedTuple):
    """A batch that was given to the transport: its last number, when, its size and how many the receiver refused."""

    number: int
    at: float
    n: int
    n_refused: int


class Delivery:
    """Brings records to one receiver in their order, at least once each.

    `put` writes a record to the spool and returns; a thread of its own reads it back, sends it and takes it off the
    spool. While the receiver is away the thread tries again with growing pauses and the spool fills; a spool that is
    full makes `put` wait (`DeliverySettings.wait_s` at most, once) and then gives records up, counted. So a receiver
    that is slow or away holds up nobody else. A transport that is `inline` is used by `put` itself as long as nothing
    waits.

    Args:
        transport: The way to the receiver.
        spool: Where records wait; closed with the delivery.
        settings: How hard to try.
        name: The sink's name, for messages.
        tell: Where it is said that the receiver is away or back; default: nowhere. Called from the delivery's thread.
        backoff: The pauses; default: from the settings.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        transport: Transport,
        spool: Spool,
        settings: DeliverySettings | None = None,
        *,
        name: str = "sink",
        tell: Callable[[str], None] | None = None,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.transport, self.spool, self.name = transport, spool, name
        self.settings = settings or DeliverySettings()
        self.count = Counters(recovered=spool.n_waiting)
        self.count.dropped.update({"damaged": spool.n_damaged} if spool.n_damaged else {})
        self._tell = tell or (lambda _: None)
        self._backoff = backoff or Backoff(self.settings.retry_first_s, self.settings.retry_most_s)
        self._clock, self._join_s = clock, _JOIN_S
        self._changed = threading.Condition()
        self._sent: deque[_Sent] = deque()  # given to the transport and not yet sure to be received
        self._last = -1  # number of the last record of the batch at hand
        self._unsure = 0  # under way when they had to leave the spool: the end of the try decides
        self._alone = 0  # so many records are sent one by one, to find the one that is refused
        self._gave_up_waiting = False
        self._away_since: float | None = None
        self._ends_at: float | None = None
        self._closed = False
        self._synced_at = clock()
        self._thread = threading.Thread(target=self._work, name=f"clan sink {name}", daemon=True)
        self._thread.start()

    def put(self, *records: Record) -> None:
        """Take records over. When this returns, each survives the end of the process, or is counted as dropped.

        Raises:
            SinkError: The delivery is closed; the records are counted as dropped.
        """
        with self._changed:
            self.count.emitted += len(records)
            if self._closed:
                self.count.dropped["closed"] += len(records)
                raise SinkError(f"sink {self.name}: it is closed")
            fit = [record for record in records if len(record.body) <= MAX_RECORD]
            if len(fit) < len(records):
                self.count.dropped["too_large"] += len(records) - len(fit)
            if not self._sent_at_once(*fit):
                for record in fit:
                    if len(fit) == 1 or not self._sent_at_once(record):
                        self._spool(record)

    def _sent_at_once(self, *records: Record) -> bool:
        """Send from the caller's thread; False where they have to go one by one, or to wait in the spool."""
        if not self.transport.inline or self.spool.n_waiting or self._unsure:  # the other thread may be sending
            return False
        try:
            self.transport.send(records)
        except SinkError as error:
            self.count.last_error = str(error)
            if error.retryable or len(records) > 1:
                return False
            self.count.dropped["rejected"] += 1
        else:
            self.count.sent += len(records)
        return True

    def _spool(self, record: Record) -> None:
        """Put a record into the spool, or drop one."""
        try:
            if not self._appended(record):
                self.count.dropped["overflow_newest"] += 1
        except OSError as error:
            self.count.dropped["spool_failed"] += 1
            self._spool_failed(f"cannot be written: {error.strerror or error}", "alerts are lost")
        self._changed.notify_all()

    def _spool_failed(self, why: str, so: str) -> None:
        """Say once what is wrong with the spool."""
        message = f"the spool {self.spool.folder} {why}"
        if self.count.last_error != message:
            self.count.last_error = message
            self._tell(f"sink {self.name}: {message}; {so}")

    def _appended(self, record: Record) -> bool:
        """Append, with what the settings say of a full spool."""
        settings, until = self.settings, self._clock() + self.settings.wait_s
        while True:
            try:
                self.spool.append(record)
            except SpoolFull:
                if settings.overflow == "oldest" and self.spool.n_bytes:
                    n, under_way = self.spool.drop_oldest()
                    self.count.dropped["overflow_oldest"] += n - under_way
                    self._unsure += under_way
                    continue
                left = until - self._clock()
                if settings.overflow != "wait" or self._gave_up_waiting or left <= 0 or self._closed:
                    self._gave_up_waiting = True  # until there was room again
                    return False
                self._changed.notify_all()
                self._changed.wait(min(left, 1.0))
            else:
                self._gave_up_waiting = False
                return True

    def counters(self) -> dict[str, Any]:
        """Give what became of the records, as numbers for a statistics record."""
        with self._changed:
            return self.count.as_dict(waiting=self.spool.n_waiting + self._unsure, waiting_bytes=self.spool.n_bytes)

    @property
    def n_waiting(self) -> int:
        """Records that are not delivered yet."""
        with self._changed:
            return self.spool.n_waiting + self._unsure

    def reopen(self) -> None:
        """Have the transport open its file anew."""
        self.transport.reopen()

    def close(self) -> None:
        """Send what waits, for `DeliverySettings.drain_s` at most; the rest stays in the spool for the next time.

        Safe to call twice.
        """
        with self._changed:
            if self._closed:
                return
            self._closed, self._ends_at = True, self._clock() + self.settings.drain_s
            self._changed.notify_all()
        self._thread.join(self.settings.drain_s + self._join_s)
        if self._thread.is_alive():
            return  # a try that hangs still has the spool in its hands; the system closes both with the process
        self.transport.close()
        with self._changed:
            self._give_up_unsure()
            self.spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What follows runs in the delivery's own thread.

    def _work(self) -> None:
        while self._waited():
            try:
                if batch := self._next_batch():
                    self._send(batch)
                self._settle()
            except SinkError as error:
                self._failed(error)
            except Exception as error:  # whatever it is: the thread goes on, or nobody would ever send again
                self._failed(SinkError(f"{self.transport.place}: {type(error).__name__}: {error}"))

    def _waited(self) -> bool:
        """Wait for something to do; False when it is time to end."""
        with self._changed:
            while True:
                now = self._clock()
                self._sync(now)
                if self._ends_at is not None and (now >= self._ends_at or not (self.spool.n_waiting or self._sent)):
                    return False
                if self.spool.n_unread or (self._sent and (self._closed or self._settles_at() <= now)):
                    return True
                self._changed.wait(max(self._settles_at() - now, 0.01) if self._sent else self._idle_s())

    def _settles_at(self) -> float:
        return self._sent[0].at + self.transport.settle_s

    def _idle_s(self) -> float | None:
        """How long to sleep with nothing to do: for ever, but for the sake of the disk."""
        return 1.0 if self.settings.fsync == "second" and self.spool.n_waiting else None

    def _sync(self, now: float) -> None:
        """Force the spool to the disk, once a second; a disk that cannot is told of, and holds up no sending."""
        if self.settings.fsync == "second" and now - self._synced_at >= 1.0:
            self._synced_at = now
            try:
                self.spool.sync()
            except OSError as error:
                self._spool_failed(f"cannot be forced to the disk: {error.strerror or error}", "it is tried again")

    def _next_batch(self) -> list[Record]:
        """Give what is to be sent next.

        Raises:
            SinkError: The spool cannot be read.
        """
        with self._changed:
            try:
                before = self.spool.n_damaged
                batch = self.spool.read(1 if self._alone else self.transport.max_batch)
                if self.spool.n_damaged > before:
                    self.count.dropped["damaged"] += self.spool.n_damaged - before
            except OSError as error:
                raise SinkError(f"the spool {self.spool.folder} cannot be read: {error.strerror or error}") from error
            self._last = self.spool.last_read
            return batch

    def _send(self, batch: list[Record]) -> None:
        n_refused = 0
        try:
            self.transport.send(batch)
        except SinkError as error:
            if error.retryable:
                raise
            self.count.last_error = str(error)
            if len(batch) > 1:  # one of them is refused: find out which
                with self._changed:
                    self._alone = len(batch)
                    self._rewind()
                return
            n_refused = 1
        self._alone = max(self._alone - len(batch), 0)
        self._sent.append(_Sent(self._last, self._clock(), len(batch), n_refused))

    def _settle(self) -> None:
        """Take off the spool what is sure to be received."""
        if not self._sent:
            return
        if self.transport.settle_s:
            if not self.transport.check():
                with self._changed:
                    self._changed.wait(_ARRIVES_S)
                return
            if self._closed and not self.spool.n_unread:
                self.transport.confirm()
        now, n_sure = self._clock(), 0
        with self._changed:
            sure = self._closed and not self.spool.n_unread
            while self._sent and (sure or self._settles_at() <= now):
                sent = self._sent.popleft()
                self._unsure -= sent.n - self.spool.ack(sent.number)
                n_sure += sent.n
                self.count.sent += sent.n - sent.n_refused
                self.count.dropped.update({"rejected": sent.n_refused} if sent.n_refused else {})
            self._changed.notify_all()
        if n_sure and self._away_since is not None:
            self._back()

    def _back(self) -> None:
        self._backoff.succeeded()
        away, self._away_since = self._clock() - (self._away_since or 0.0), None
        self._tell(f"sink {self.name}: {self.transport.place} takes alerts again, after {away:.0f} s")

    def _failed(self, error: SinkError) -> None:
        """Begin again at the first record that is not sure to be received, after a pause."""
        self.transport.close()
        with self._changed:
            self._rewind()
            self.count.retried += 1
            self.count.last_error = str(error)
            waiting = self.spool.n_waiting
        if self._away_since is None:
            self._away_since = self._clock()
            self._tell(f"sink {self.name}: {error}; {counted(waiting, 'alert')} to wait, and it is tried again")
        until = self._clock() + self._backoff.wait_s()
        with self._changed:
            while (left := min(until, self._ends_at or until) - self._clock()) > 0:
                self._changed.wait(left)

    def _rewind(self) -> None:
        self._give_up_unsure()
        self._sent.clear()
        self.spool.rewind()

    def _give_up_unsure(self) -> None:
        if self._unsure:
            self.count.dropped["overflow_oldest"] += self._unsure
            self._unsure = 0
