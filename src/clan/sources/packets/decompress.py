"""gzip and zstd as streams of pieces: everything up to the damage is given, then the damage is told.

The pieces depend on the data alone, never on how much the caller wants, so that a damaged file gives the same packets
whatever the size of the reader's buffer. The decompressors of the standard library and of zstandard that look like
files drop what they had decompressed in the call that meets the damage, and the latter takes a cut file for a whole
one.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Final

import zstandard

GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
COMPRESSED: Final = (GZIP_MAGIC, ZSTD_MAGIC)
"""How a compressed file begins."""
DAMAGE: Final = (EOFError, zlib.error, zstandard.ZstdError)
"""What the pieces raise where the compressed data are damaged or end too early."""

_GZIP_PIECE: Final = 1 << 16
"""Bytes given at a time at most."""
_GZIP_TAKEN: Final = 1 << 12
"""Bytes taken at a time, always as many: a slow pipe is behind by this much, and where damage strikes does not depend
on how the bytes came."""
_ZSTD_PIECE: Final = 1 << 11
"""Bytes taken at a time; zstd gives at most 2^15 times as much for them, so this bounds the memory of a bomb."""
_MAX_WINDOW: Final = 1 << 27
"""Bytes of history that a zstd frame may ask for (128 MiB, the limit of `zstd -d`): a bound on memory."""


def unpacked(start: bytes) -> bytes:
    """Decompress the beginning of a file as far as it goes; what is not compressed stays as it is."""
    pieces = {GZIP_MAGIC: gzip_pieces, ZSTD_MAGIC: zstd_pieces}
    for magic, reading in pieces.items():
        if start.startswith(magic):
            out = bytearray()
            with suppress(*DAMAGE):  # the rest is still to come
                for piece in reading(b"", io.BytesIO(start)):
                    out += piece[: len(start) - len(out)]
            return bytes(out)
    return start


def gzip_pieces(head: bytes, raw: IO[bytes]) -> Iterator[bytes]:
    """Decompress gzip, all members of it; zeros behind the last are padding.

    Args:
        head: The first bytes, already taken from the file.
        raw: The rest.

    Raises:
        EOFError, zlib.error: The data end inside a member, or are damaged.
    """
    waiting = head + raw.read(_GZIP_TAKEN)
    while waiting:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            if not waiting:
                raise EOFError("the file ends inside the compressed data")
            yield member.decompress(waiting, _GZIP_PIECE)
            waiting = member.unused_data if member.eof else member.unconsumed_tail or raw.read(_GZIP_TAKEN)
        waiting = _after_zeros(waiting, raw)


def _after_zeros(waiting: bytes, raw: IO[bytes]) -> bytes:
    """Skip the padding behind a member; gives what begins the next one, nothing at the end."""
    while not waiting.strip(b"\0"):
        waiting = raw.read(_GZIP_TAKEN)
        if not waiting:
            return b""
    return waiting.lstrip(b"\0")


def zstd_pieces(head: bytes, raw: IO[bytes]) -> Iterator[bytes]:
    """Decompress zstd, all frames of it.

    Args:
        head: The first bytes, already taken from the file.
        raw: The rest.

    Raises:
        EOFError, zstandard.ZstdError: The data end inside a frame, or are damaged.
    """
    decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
    waiting = head + raw.read(_ZSTD_PIECE)
    while waiting:
        frame = decompressor.decompressobj()
        while not frame.eof:
            if not waiting:
                raise EOFError("the file ends inside the compressed data")
            yield frame.decompress(waiting)
            waiting = frame.unused_data if frame.eof else raw.read(_ZSTD_PIECE)
        waiting = waiting or raw.read(_ZSTD_PIECE)
