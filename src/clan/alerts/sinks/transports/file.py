"""A file, or standard output."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clan.alerts.delivery import Record
from clan.alerts.sinks.address import Address
from clan.alerts.sinks.encoding import Container, Encoding
from clan.alerts.sinks.transports.rotation import Rotation
from clan.errors import ConfigError, SinkError

STDOUT = "-"
_CLOSED = -1
_LOOK_EVERY = 1 << 18  # bytes that are written between two looks at the free space


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a file.

    Attributes:
        rotate: Size at which the file is rotated, see `Rotation`.
        rotate_every_s: Interval of rotation.
        keep: Old files that are kept; 0: all.
        append: Whether an existing file is continued rather than replaced.
        min_free: Bytes that stay free on the disk: nothing is written below that.
        inline: Whether alerts are written by whoever emits them rather than by way of the spool. Where the disk may
            hang (a network file system), say no.
    """

    rotate: int | None = None
    rotate_every_s: float | None = None
    keep: int = 0
    append: bool = True
    min_free: int = 64 << 20
    inline: bool = True

    def __post_init__(self) -> None:
        _ = self.rotation

    @property
    def rotation(self) -> Rotation:
        """The options that are about rotation."""
        return Rotation(size=self.rotate, every_s=self.rotate_every_s, keep=self.keep)


def check_address(address: Address) -> None:
    """Want a path, and no host."""
    if address.netloc or not address.path:
        raise ConfigError("a file sink is written file:alerts.ndjson or file:/var/log/clan/alerts.ndjson")
    if "\0" in address.path:
        raise ConfigError("the path of a file sink has a %00 in it, which no path can have")


def encoding_over(encoding: Encoding, options: Options) -> Encoding:
    """Write records as they are."""
    return encoding


def open_transport(address: Address, options: Options, encoding: Encoding) -> FileTransport:
    """Open the file."""
    return FileTransport(address.path, options, container=encoding.container)


class FileTransport:
    """Appends records to a file, each batch in one write so that a follower sees whole records at once.

    The file is opened on construction: a place that cannot be written is known before hours of reading, and a run
    without alerts leaves an empty file rather than none. A record that could not be written whole is taken back.

    Args:
        path: The file, or `-` for standard output.
        options: Rotation and the rest.
        container: What stands around and between records. Where its tail differs from what is between records, the
            file is a whole document after every batch; a stream (standard output, a pipe) is one when it is closed.

    Raises:
        SinkError: The file cannot be opened.
    """

    settle_s, max_batch = 0.0, 512

    def __init__(self, path: str | Path, options: Options | None = None, *, container: Container | None = None) -> None:
        self.place = str(path)
        self.options, self.container = options or Options(), container or Container()
        self.inline = self.options.inline
        self._lines = self.container.between == self.container.tail
        self._file = _CLOSED
        self._size, self._written_at, self._unlooked = 0, 0.0, _LOOK_EVERY
        self._regular, self._reopen = False, False
        self._begun = self._broken = False  # of a stream: its head was written, the last write failed
        self._ended = self.place != STDOUT  # a stream has its tail, or is not open
        if self.place != STDOUT:
            self._open(truncate=not self.options.append)

    def send(self, batch: Sequence[Record]) -> None:
        """Append records.

        Raises:
            SinkError: They could not be written; the file is as it was.
        """
        data = self.container.between.join(record.body for record in batch)
        try:
            if self.place == STDOUT:
                self._to_stream(data)
                return
            more = len(data) + len(self.container.tail)
            self._ready(more)
            self._look(more)
            if self._regular:
                self._put(data + self.container.tail)
            else:
                self._to_stream(data)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> SinkError:
        return SinkError(f"alerts cannot be written to {self.place}: {error.strerror or error}")

    def _to_stream(self, data: bytes) -> None:
        """Write behind the last record of what cannot be written over."""
        container = self.container
        follows = b"" if self._lines else container.between
        self._broken = True
        before = follows if self._begun else container.head + container.first
        self._pass_on(before + data + (container.tail if self._lines else b""))
        self._begun, self._broken, self._ended = True, False, False

    def _end_stream(self) -> None:
        """Write what stands last, once; a stream that broke may be gone on with."""
        if self._ended or self._broken:
            return
        container, self._ended = self.container, True
        end = (b"" if self._begun else container.head) + (b"" if self._lines else container.tail)
        self._begun = False
        if end:
            with contextlib.suppress(OSError):  # whoever read it has gone
                self._pass_on(end)

    def _pass_on(self, data: bytes) -> None:
        if self.place != STDOUT:
            self._put_at(data, self._size)
        else:
            sys.stdout.write(data.decode())
            sys.stdout.flush()

    def _ready(self, more: int) -> None:
        """Have the right file open."""
        if self._reopen:
            self._reopen = False
            self.close()
        if self._file == _CLOSED:
            self._open(truncate=False)
        now = time.time()
        if self._regular and self.options.rotation.due(self._size, more, self._written_at, now):
            self.close()
            self.options.rotation.rotate(Path(self.place), now)
            self._open(truncate=False)
        self._written_at = now

    def _open(self, *, truncate: bool) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | (os.O_TRUNC if truncate else 0)
        try:
            try:
                self._file = os.open(self.place, flags, 0o666)
            except OSError as error:  # a pipe or a device that can only be written to
                if error.errno not in (6, 13, 22):
                    raise
                self._file = os.open(self.place, flags & ~os.O_RDWR | os.O_WRONLY, 0o666)
            found = os.fstat(self._file)
            self._regular = stat.S_ISREG(found.st_mode)
            self._size, self._written_at = (found.st_size if self._regular else 0), found.st_mtime
            self._begun, self._broken, self._ended = False, False, self._regular
            if self._regular:
                self._begin()
        except OSError as error:
            self.close()
            raise self._failed(error) from error

    def _begin(self) -> None:
        """Write what stands first, or see that the file can be continued."""
        container, end = self.container, b"" if self._lines else self.container.tail
        if self._size == 0:
            if container.head + end:
                self._put_at(container.head + end, 0)
            return
        tail = os.pread(self._file, len(container.tail), max(self._size - len(container.tail), 0))
        if tail == container.tail:
            return
        if not self._lines:
            self.close()
            raise SinkError(f"{self.place} holds something else than clan would continue: name another file")
        self._put_at(container.tail, self._size)  # a line that was cut short by a crash ends here

    def _put(self, data: bytes) -> None:
        """Write behind the last record."""
        if self._lines:
            self._put_at(data, self._size)
            return
        container, empty = self.container, len(self.container.head) + len(self.container.tail)
        at = self._size - len(container.tail)
        self._put_at((container.between if self._size > empty else container.first) + data, at, restore=container.tail)

    def _put_at(self, data: bytes, at: int, *, restore: bytes = b"") -> None:
        try:
            n = os.pwrite(self._file, data, at) if self._regular else os.write(self._file, data)
            while n < len(data):
                n += os.pwrite(self._file, data[n:], at + n) if self._regular else os.write(self._file, data[n:])
        except OSError:
            if self._regular:
                os.ftruncate(self._file, at)
                if restore:
                    os.pwrite(self._file, restore, at)
            raise
        self._size = at + len(data)

    def _look(self, more: int) -> None:
        """Leave some of the disk free, for the sake of everything else on it."""
        self._unlooked += more
        if not self._regular or not self.options.min_free or self._unlooked < _LOOK_EVERY:
            return
        found = os.fstatvfs(self._file)
        free = found.f_bavail * found.f_frsize
        if free - more < self.options.min_free:
            raise SinkError(
                f"alerts cannot be written to {self.place}: {free / 1e6:,.0f} MB are free on its disk, and min_free is "
                f"{self.options.min_free / 1e6:,.0f} MB"
            )
        self._unlooked = 0

    def check(self) -> bool:
        """Say yes: what is written is there."""
        return True

    def confirm(self) -> None:
        """Do nothing: what is written is there."""

    def reopen(self) -> None:
        """Open the file by its name again before the next record."""
        self._reopen = True

    def close(self) -> None:
        """Close the file, and end a stream; standard output stays open. Safe to call twice."""
        self._end_stream()
        file, self._file = self._file, _CLOSED
        if file != _CLOSED:
            os.close(file)
