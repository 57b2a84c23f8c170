"""A file that grows: whole lines as they come, through rotation and truncation."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import IO, Final

from clan.errors import SourceUnavailable
from clan.sources.records.lines import MAX_LINE_BYTES

PIECE_BYTES: Final = 4 << 20
HEAD_BYTES: Final = 1 << 16
MOST_NEIGHBOURS: Final = 10_000
"""Files beside a log that are looked through for the one it was renamed to."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a file has been read.

    Attributes:
        device: Of the file, with its inode, whatever it is called now.
        inode: The same.
        offset: Bytes of whole lines that were given.
    """

    device: int
    inode: int
    offset: int


class FollowedFile:
    """Reads what a log grows by; a new file of its name is read from its beginning, once the old one is at its end.

    Args:
        path: The log.
        start: Where an earlier reading ended; if the log was rotated since, the old file is sought beside it.

    Raises:
        SourceUnavailable: It cannot be opened.
    """

    def __init__(self, path: str, start: Position | None = None) -> None:
        self.path = path
        self.rotations = self.truncations = self.overlong = self.lost = 0
        """Times that the log began anew, or was cut; lines that were too long; readings whose old file was gone."""
        self._rest = b""  # of a line that is not complete
        self._cut = b""  # the line that the file before this one ended within
        self._seen: deque[int] = deque(maxlen=MOST_NEIGHBOURS)  # inodes that were opened
        self._skipping = False
        self._file: IO[bytes] | None = None
        self._open(path)
        if start is not None:
            self._resume(start)

    def _open(self, path: str) -> None:
        """Begin to read a file."""
        self.close()
        try:
            self._file = Path(path).open("rb", buffering=0)  # noqa: SIM115 - it stays open until `close`
            stat = os.fstat(self._file.fileno())
        except OSError as error:
            raise SourceUnavailable(f"cannot read {path}: {error.strerror or error}") from error
        self._position = Position(stat.st_dev, stat.st_ino, 0)
        self._seen.append(stat.st_ino)
        self._rest, self._skipping = b"", False

    def _resume(self, start: Position) -> None:
        """Go to where an earlier reading ended, in the file that it read."""
        if (start.device, start.inode) != (self._position.device, self._position.inode):
            old = _renamed(Path(self.path).parent, start)
            if old is None:
                self.lost += 1
                return
            self._seen.clear()  # what the log is now was opened, and not read
            self._open(old)
        if self._file is not None and os.fstat(self._file.fileno()).st_size >= start.offset:
            self._file.seek(start.offset)
            self._position = start
        else:
            self.truncations += 1

    @property
    def position(self) -> Position:
        """How far it has been read, in whole lines."""
        return self._position

    def head(self) -> bytes:
        """Give the first bytes of the file that is open, for the lines there that explain the others."""
        return os.pread(self._file.fileno(), HEAD_BYTES, 0) if self._file is not None else b""

    def pieces(self) -> Iterator[bytes]:
        """Yield what there is now, in whole lines, and `b""` whenever there is nothing (more)."""
        while True:
            yield self._next()

    def _next(self) -> bytes:
        """Give whole lines, or nothing where there are none for now."""
        while self._file is not None:
            data = self._file.read(PIECE_BYTES)
            if data:
                whole = self._whole(data)
                if whole:
                    return whole
            elif not self._renewed():
                return b""
            elif self._cut:
                cut, self._cut = self._cut, b""
                return cut
        return b""

    def _whole(self, data: bytes) -> bytes:
        """Put what came behind what waits, and give the whole lines of it."""
        end = data.rfind(b"\n") + 1
        if not end:
            self._rest += data
            if len(self._rest) > MAX_LINE_BYTES:
                self.overlong += not self._skipping
                self._skip(len(self._rest))
            return b""
        piece, self._rest = self._rest + data[:end], data[end:]
        self._advance(len(piece))
        if self._skipping:
            piece, self._skipping = piece[piece.index(b"\n") + 1 :], False
        return piece

    def _skip(self, n: int) -> None:
        self._advance(n)
        self._rest, self._skipping = b"", True

    def _advance(self, n: int) -> None:
        at = self._position
        self._position = Position(at.device, at.inode, at.offset + n)

    def _renewed(self) -> bool:
        """At the end: see whether the log is another file by now, or was cut, and begin there.

        Where it was renamed more than once meanwhile, the files in between come first.
        """
        path = self.path
        try:
            stat = os.stat(self.path)  # noqa: PTH116 - by the same call as everything else here
        except OSError:
            return False  # renamed, and not yet there again
        if (stat.st_dev, stat.st_ino) != (self._position.device, self._position.inode):
            # The writer may still have ended the old file; what it wrote before we looked is there now.
            if self._file is not None and self._file.read(1):
                self._file.seek(-1, os.SEEK_CUR)
                return True
            self.rotations += 1
            path = self._next_file() or self.path
        elif stat.st_size < self._position.offset + len(self._rest):
            self.truncations += 1
        else:
            return False
        rest = b"" if self._skipping else self._rest
        try:
            self._open(path)
        except SourceUnavailable:
            return False
        self._cut = rest + b"\n" if rest else b""
        return True

    def _next_file(self) -> str | None:
        """Find the file that the log was between the one that is open and the one that it is now, if there was any."""
        log = Path(self.path)
        written = 0 if self._file is None else os.fstat(self._file.fileno()).st_mtime_ns
        form = _rotated_form(log.name)
        found: list[tuple[int, str]] = []
        try:
            with os.scandir(log.parent) as entries:
                for _, entry in zip(range(MOST_NEIGHBOURS), entries, strict=False):
                    if form.fullmatch(entry.name) and entry.inode() not in self._seen:
                        stat = entry.stat(follow_symlinks=False)
                        later = stat.st_dev == self._position.device and stat.st_mtime_ns >= written
                        found += [(stat.st_mtime_ns, entry.path)] if later and S_ISREG(stat.st_mode) else []
        except OSError:
            return None
        return min(found)[1] if found else None

    def close(self) -> None:
        """Close the file; safe to call twice."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _rotated_form(name: str) -> re.Pattern[str]:
    """Give the form of what a log is called after a rotation: a number or a time before or behind its ending.

    Example:
        >>> [bool(_rotated_form("conn.log").fullmatch(n)) for n in ("conn.log.1", "conn.2024-05-06T08.log", "conn.log")]
        [True, True, False]
        >>> [bool(_rotated_form("conn.log").fullmatch(n)) for n in ("conn.scored.log", "conn.log.1.gz", "dns.log.1")]
        [False, False, False]
    """
    stem, dot, ending = name.partition(".")
    when = r"[.\-_][0-9TZ.:_+\-]*[0-9Z]"
    return re.compile(rf"{re.escape(stem)}({when}{re.escape(dot + ending)}|{re.escape(dot + ending)}{when})")


def _renamed(folder: Path, start: Position) -> str | None:
    """Find a file by its inode, where the log was renamed; None where it is gone, or packed."""
    with os.scandir(folder) as entries:
        for n, entry in enumerate(entries):
            if n >= MOST_NEIGHBOURS:
                return None
            if entry.inode() == start.inode and entry.is_file(follow_symlinks=False):
                return entry.path if entry.stat().st_dev == start.device else None
    return None
