"""Bytes from a file, a compressed file or standard input."""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import numpy as np
import numpy.typing as npt

from clan.errors import SourceUnavailable
from clan.sources.packets.decompress import DAMAGE, GZIP_MAGIC, ZSTD_MAGIC, gzip_pieces, zstd_pieces

STDIN: Final = "-"
PIPE_BYTES: Final = 1 << 20
"""Room that a pipe is given, so that its writer need not wait for each of our turns."""


def _open(path: str) -> IO[bytes]:
    """Open a file for reading; the stream that holds it closes it."""
    if path != STDIN:
        return Path(path).open("rb", buffering=1 << 20)
    if sys.stdin is None:
        raise OSError("there is no standard input")
    return sys.stdin.buffer


def _widen(pipe: IO[bytes]) -> None:
    """Give a pipe more room; no harm where it is none, or the system says no."""
    with suppress(OSError):
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


class ByteStream:
    """A stream of bytes that is decompressed on the way, as its first bytes ask for.

    Args:
        path: A file, or `-` for standard input.

    Raises:
        SourceUnavailable: The path does not exist, is a folder, or may not be read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.damage: str | None = None
        """Why the compressed data could not be read to their end, if so."""
        self._raw: IO[bytes] | None = None
        try:
            self._raw = _open(path)
            _widen(self._raw)
            self._is_pipe = not self._raw.seekable()
            head = self._raw.read(len(ZSTD_MAGIC))
        except OSError as error:
            self.close()
            raise self._unavailable(error) from error
        self._waiting = b""  # read or decompressed, not yet given
        self._pieces: Iterator[bytes] | None = None
        if head.startswith(GZIP_MAGIC):
            self._pieces = gzip_pieces(head, self._raw)
        elif head.startswith(ZSTD_MAGIC):
            self._pieces = zstd_pieces(head, self._raw)
        else:
            self._waiting = head

    def readinto(self, buffer: npt.NDArray[np.uint8]) -> int:
        """Put what there is into a buffer; gives the bytes read, 0 at the end or where damage ends the stream.

        A pipe is waited for when it is empty, but not until the buffer is full: a slow one is followed as it comes.
        """
        if self._raw is None:
            return 0
        try:
            if self._pieces is not None:
                return self._unpack(buffer, self._pieces)
            return self._give(buffer) or self._raw.readinto1(buffer.data)  # type: ignore[attr-defined]  # binary files have it
        except OSError as error:
            raise self._unavailable(error) from error

    def _unpack(self, buffer: npt.NDArray[np.uint8], pieces: Iterator[bytes]) -> int:
        """Fill a buffer with decompressed data; from a pipe, with one piece of them."""
        got = 0
        try:
            while got < buffer.size and self.damage is None:
                if not self._waiting:
                    if got and self._is_pipe:
                        break
                    self._waiting = next(pieces)
                got += self._give(buffer[got:])
        except StopIteration:
            pass
        except DAMAGE as error:
            self.damage = f"damaged compressed data: {error}"
        return got

    def _give(self, buffer: npt.NDArray[np.uint8]) -> int:
        """Hand out what waits, as far as it fits."""
        n = min(buffer.size, len(self._waiting))
        buffer[:n] = np.frombuffer(self._waiting, np.uint8, n)
        self._waiting = self._waiting[n:]
        return n

    def _unavailable(self, error: OSError) -> SourceUnavailable:
        return SourceUnavailable(f"cannot read {self.path}: {error.strerror or error}")

    def position(self) -> int:
        """Give how many bytes of the file were taken, before decompression; 0 for a pipe."""
        return self._raw.tell() if self._raw is not None and self._raw.seekable() else 0

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._raw is not None and self.path != STDIN:
            self._raw.close()


class ByteStreams:
    """The parts of one input in their order, each opened when its turn comes, the first at once; iterate once.

    Args:
        paths: Files, or `-`; one at least.
        name: What the input is called, for the message.

    Raises:
        SourceUnavailable: As of `ByteStream`; also while iterating.
        ValueError: While iterating, where it was read or closed already.
    """

    def __init__(self, paths: Sequence[str], *, name: str) -> None:
        self._paths, self._name = list(paths), name
        self._open: ByteStream | None = ByteStream(paths[0])

    def __iter__(self) -> Iterator[ByteStream]:
        for i, path in enumerate(self._paths):
            if i > 0:
                self._open = ByteStream(path)
            if self._open is None:
                raise ValueError(f"{self._name} was read already; open it anew")
            yield self._open
            self.close()

    def close(self) -> None:
        """Close the part that is open; safe to call twice."""
        if self._open is not None:
            self._open.close()
            self._open = None
