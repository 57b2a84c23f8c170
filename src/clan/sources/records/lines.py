"""A file, compressed or not, as pieces of whole lines, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

PIECE_BYTES: Final = 16 << 20
"""Bytes of text that are parsed at once."""
MAX_LINE_BYTES: Final = 1 << 20
"""A longer line is no record of a flow; it is passed over, and counted."""

_TAIL_BYTES: Final = 1 << 14


class Readable(Protocol):
    """What gives bytes: a file, the output of a tool."""

    def readinto(self, buffer: NDArray[np.uint8]) -> int:
        """Fill a buffer from its start; gives the bytes read, 0 where there are none (any more)."""


class LineReader:
    """Whole lines of a stream.

    Args:
        stream: Where the bytes come from.
        piece_bytes: Bytes of a piece at most; a piece ends with a line.
    """

    def __init__(self, stream: Readable, *, piece_bytes: int = PIECE_BYTES) -> None:
        self.overlong = 0
        """Lines that were too long."""
        self.cut = False
        """Whether the stream ended within a line; that line is given all the same."""
        self._stream = stream
        self._buffer = np.empty(max(piece_bytes, MAX_LINE_BYTES + 1), np.uint8)

    def pieces(self) -> Iterator[bytes]:
        """Yield pieces of whole lines, the last perhaps without its newline."""
        held, skipping = 0, False  # bytes waiting at the front of the buffer; inside a line that is too long
        while got := self._stream.readinto(self._buffer[held:]):
            end = held + got
            whole = _behind_last_newline(self._buffer, held, end)
            piece = self._buffer[:whole].tobytes()
            if piece and skipping:
                piece, skipping = piece[piece.index(b"\n") + 1 :], False
            self._buffer[: end - whole] = self._buffer[whole:end].copy()
            held = end - whole
            if skipping:
                held = 0
            elif held > MAX_LINE_BYTES:
                self.overlong, held, skipping = self.overlong + 1, 0, True
            if piece:
                yield piece
        if held:
            self.cut = True
            yield self._buffer[:held].tobytes()


def _behind_last_newline(buffer: np.ndarray[tuple[int], np.dtype[np.uint8]], start: int, end: int) -> int:
    """Find the position behind the last newline, 0 where there is none in what is new; looks at the end first."""
    for begin in (max(start, end - _TAIL_BYTES), start):
        at = buffer[begin:end].tobytes().rfind(b"\n")
        if at >= 0:
            return begin + at + 1
    return 0


def lines_of(piece: bytes) -> list[bytes]:
    """Split a piece into its lines, without empty ones and without carriage returns."""
    lines = piece.split(b"\n")
    if b"\r" in piece:
        lines = [line.rstrip(b"\r") for line in lines]
    return [line for line in lines if line]
