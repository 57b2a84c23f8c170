"""Bytes from a file, a compressed file or standard input."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from pathlib import Path
from typing import IO, Final, Protocol

import numpy as np
import numpy.typing as npt
import zstandard

from clan.errors import SourceUnavailable

STDIN: Final = "-"
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_DAMAGE: Final = (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError)
_MAX_WINDOW: Final = 1 << 27
"""Bytes of history that a zstd frame may ask for (128 MiB, the limit of `zstd -d`): a bound on memory."""


class _Readable(Protocol):
    """What all the streams here can do."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


def _open(path: str) -> IO[bytes]:
    """Open a file for reading; the stream that holds it closes it."""
    return Path(path).open("rb", buffering=1 << 20)


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
        try:
            self._raw = sys.stdin.buffer if path == STDIN else _open(path)
            head = self._peek()
        except OSError as error:
            raise SourceUnavailable(f"cannot read {path}: {error.strerror or error}") from error
        self._stream: _Readable = self._raw  # type: ignore[assignment]  # binary files have readinto
        if head.startswith(_GZIP):
            self._stream = gzip.GzipFile(fileobj=self._raw, mode="rb")
        elif head.startswith(_ZSTD):
            decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
            self._stream = decompressor.stream_reader(self._raw, read_across_frames=True, closefd=False)

    def _peek(self) -> bytes:
        """Look at the first bytes without taking them."""
        raw = self._raw
        return bytes(raw.peek(8)[:8]) if isinstance(raw, io.BufferedReader) else b""

    def readinto(self, buffer: npt.NDArray[np.uint8]) -> int:
        """Fill a buffer from its start; gives the bytes read, 0 at the end or where damage ends the stream."""
        try:
            return self._stream.readinto(buffer.data) or 0
        except _DAMAGE as error:
            self.damage = f"damaged compressed data: {error}"
            return 0
        except OSError as error:
            raise SourceUnavailable(f"cannot read {self.path}: {error.strerror or error}") from error

    def position(self) -> int:
        """Give how many bytes of the file were taken, before decompression; 0 for a pipe."""
        return self._raw.tell() if self._raw.seekable() else 0

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._raw is not sys.stdin.buffer:
            self._raw.close()
