"""A bounded queue on disk, in segment files. What was appended survives the end of the process at any moment.

Not safe for threads: `clan.alerts.delivery.Delivery` guards it.
"""

from __future__ import annotations

import fcntl
import os
from collections import deque
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final

from clan.alerts.delivery.cursor import Cursor
from clan.alerts.delivery.record import Record
from clan.alerts.delivery.segment import MOST_BYTES, Segment, first_of, looks_damaged, packed, path_of, records
from clan.alerts.delivery.settings import Fsync
from clan.errors import SinkError

_CLOSED: Final = -1


class SpoolFull(Exception):
    """The next record would make the spool larger than it may be."""


class Spool:
    """Records in the order in which they came, each kept until it is acknowledged.

    Args:
        folder: Where the segments are; made if it is not there, for its owner's eyes only.
        max_bytes: Most bytes in segments, delivered ones that still lie in a segment with others counted.
        fsync: When appended records are forced to the disk: `always` before `append` returns; otherwise when `sync` is
            called, or never.

    Attributes:
        n_damaged: Records that could not be read when the spool was opened, as far as their number is known.

    Raises:
        SinkError: The folder cannot be used, or another process uses it.
    """

    def __init__(self, folder: Path, *, max_bytes: int = 256 << 20, fsync: Fsync = "never") -> None:
        self.folder, self.max_bytes, self.fsync = folder, max_bytes, fsync
        self.n_damaged = 0
        self._segment_bytes = max(min(4 << 20, max_bytes // 8), 1 << 16)
        self._segments: deque[Segment] = deque()
        self._out = _CLOSED  # the last segment, open for appending
        self._in: tuple[Path, int] | None = None  # the segment that is read
        self._total = 0  # bytes in segments
        self._unacked: deque[tuple[int, int, int]] = (
            deque()
        )  # what was read: number, offset behind it, records (0 or 1)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._take_lock()
            self._cursor = Cursor(folder / "cursor")
            self._recover()
        except OSError as error:
            raise SinkError(f"the spool {folder} cannot be used: {error.strerror or error}") from error

    def _take_lock(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise SinkError(
                f"another clan uses the spool {self.folder}; give this sink a name of its own (name=...)"
            ) from None

    def _recover(self) -> None:
        """Look through what an earlier process left."""
        acked = self._cursor.read()
        found = sorted((n, p) for p in self.folder.iterdir() if (n := first_of(p)) is not None)
        for (first, path), after in zip_longest(found, found[1:]):
            self._scan(Segment(path=path, first=first), None if after is None else after[0])
        start = self._segments[0].first if self._segments else (acked or 0)
        self._acked = max(start, acked or 0)
        if self._segments and self._acked > self._segments[-1].end:  # a cursor of something else
            self._acked = start
        self._next = self._segments[-1].end if self._segments else self._acked
        self._acked_end = self._offset_of(self._acked)
        self._read, self._read_end = self._acked, self._acked_end
        self._forget_delivered()

    def _scan(self, segment: Segment, after: int | None) -> None:
        """Count the records of a segment; what is torn off at the very end is cut off."""
        data = segment.path.read_bytes()
        for stored in records(data, segment.first):
            segment.n, segment.size = segment.n + 1, stored.end
        if segment.size < len(data):
            self.n_damaged += looks_damaged(data[segment.size :]) if after is None else 0
            os.truncate(segment.path, segment.size)
        if after is not None:
            self.n_damaged += max(after - segment.end, 0)
        if segment.n:
            self._segments.append(segment)
            self._total += segment.size
        else:
            segment.path.unlink()

    def _offset_of(self, number: int) -> int:
        """Offset of a record in its segment."""
        segment = self._segment_with(number)
        if segment is None or number <= segment.first:
            return 0
        stored = records(segment.path.read_bytes(), segment.first)
        return next((s.end for s in stored if s.number == number - 1), 0)

    def _segment_with(self, number: int) -> Segment | None:
        return next((s for s in self._segments if number < s.end), None)

    @property
    def n_waiting(self) -> int:
        """Records that are not acknowledged."""
        return sum(s.end - max(s.first, self._acked) for s in self._segments if s.end > self._acked)

    @property
    def n_unread(self) -> int:
        """Records that `read` has not given yet."""
        return sum(s.end - max(s.first, self._read) for s in self._segments if s.end > self._read)

    @property
    def n_bytes(self) -> int:
        """Bytes in segments."""
        return self._total

    def append(self, record: Record) -> None:
        """Put a record at the end.

        Raises:
            SpoolFull: There is no room.
            OSError: The disk is full or broken; the spool is as it was before.
        """
        data = packed(self._next, record)
        if self._total + len(data) > self.max_bytes:
            raise SpoolFull
        if self._out == _CLOSED or self._segments[-1].size >= self._segment_bytes:
            self._roll()
        out, segment = self._out, self._segments[-1]
        try:
            if os.write(out, data) != len(data):
                raise OSError(28, "No space left on device")
            if self.fsync == "always":
                os.fsync(out)
        except OSError:
            os.ftruncate(out, segment.size)
            raise
        segment.n, segment.size, self._next = segment.n + 1, segment.size + len(data), self._next + 1
        self._total += len(data)

    def _roll(self) -> None:
        """Begin another segment."""
        path = path_of(self.folder, self._next)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC | os.O_CLOEXEC
        out = os.open(path, flags, 0o600)
        self._close_out()
        self._out = out
        self._segments.append(Segment(path=path, first=self._next))

    def read(self, most: int) -> list[Record]:
        """Give the next records without removing them.

        Args:
            most: How many at most, >= 1.

        Returns:
            Some of them, of one segment; an empty list where none is unread.

        Raises:
            OSError: The disk cannot be read.
        """
        segment = self._segment_with(self._read)
        if segment is None:
            return []
        if self._read <= segment.first:
            self._read, self._read_end = segment.first, 0
        found: list[Record] = []
        for size in (min(max(most << 12, 1 << 16), 1 << 20), MOST_BYTES):  # the second for a record of unusual length
            for stored in records(self._bytes_of(segment, size), self._read, base=self._read_end):
                found.append(stored.record)
                self._unacked.append((stored.number, stored.end, 1))
                if len(found) == most:
                    break
            if found:
                self._read, self._read_end = self._unacked[-1][0] + 1, self._unacked[-1][1]
                return found
        # The disk gives other bytes than were written.
        self.n_damaged += segment.end - self._read
        self._read, self._read_end = segment.end, segment.size
        self._unacked.append((segment.end - 1, segment.size, 0))
        return found

    def _bytes_of(self, segment: Segment, most: int) -> bytes:
        if self._in is None or self._in[0] != segment.path:
            self._close_in()
            self._in = (segment.path, os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC))
        return os.pread(self._in[1], min(most, segment.size - self._read_end), self._read_end)

    @property
    def last_read(self) -> int:
        """Number of the last record that `read` gave."""
        return self._read - 1

    def ack(self, number: int) -> int:
        """Remove the records up to this number; gives how many there were.

        Raises:
            OSError: The cursor cannot be written; the records will come again after a restart.
        """
        n, before = 0, self._acked
        while self._unacked and self._unacked[0][0] <= number:
            last, self._acked_end, one = self._unacked.popleft()
            self._acked, n = last + 1, n + one
        if self._acked != before:
            self._cursor.write(self._acked)
            self._forget_delivered()
        return n

    def _forget_delivered(self) -> None:
        """Remove the segments of which everything is delivered, the one that is written to only once it is full."""
        while self._segments and self._segments[0].end <= self._acked:
            segment = self._segments[0]
            if len(self._segments) == 1 and self._out != _CLOSED:
                if segment.size < self._segment_bytes:
                    return
                self._close_out()
            self._remove_first()

    def _remove_first(self) -> None:
        segment = self._segments.popleft()
        self._total -= segment.size
        if self._in is not None and self._in[0] == segment.path:
            self._close_in()
        segment.path.unlink(missing_ok=True)

    def rewind(self) -> None:
        """Let `read` begin again behind the last acknowledged record."""
        self._unacked.clear()
        self._read, self._read_end = self._acked, self._acked_end

    def drop_oldest(self) -> tuple[int, int]:
        """Give up the oldest segment; gives how many records it held, and how many of them `read` had given already."""
        if not self._segments:
            return 0, 0
        if len(self._segments) == 1:
            self._close_out()
        segment = self._segments[0]
        lost = segment.end - max(segment.first, self._acked)
        given = 0
        while self._unacked and self._unacked[0][0] < segment.end:
            given += self._unacked.popleft()[2]
        self._acked, self._acked_end = max(self._acked, segment.end), 0
        if self._read < self._acked:
            self._read, self._read_end = self._acked, 0
        self._cursor.write(self._acked)
        self._remove_first()
        return max(lost, 0), given

    def sync(self) -> None:
        """Force what was appended to the disk."""
        if self._out != _CLOSED:
            os.fsync(self._out)
        self._cursor.sync()

    def close(self) -> None:
        """Close the files; what waits stays for the next one that opens the folder."""
        self._close_out()
        self._close_in()
        while self._segments and self._segments[0].end <= self._acked:
            self._remove_first()
        self._cursor.close()
        os.close(self._lock)

    def _close_out(self) -> None:
        out, self._out = self._out, _CLOSED
        if out != _CLOSED:
            if self.fsync != "never":
                os.fsync(out)
            os.close(out)

    def _close_in(self) -> None:
        if self._in is not None:
            os.close(self._in[1])
            self._in = None


def waiting_in(folder: Path) -> Sequence[tuple[str, int]]:
    """Names and bytes of the spools below a folder, without opening or locking them."""
    if not folder.is_dir():
        return []
    return [
        (each.name, sum(p.stat().st_size for p in each.iterdir() if first_of(p) is not None))
        for each in sorted(folder.iterdir())
        if each.is_dir()
    ]
