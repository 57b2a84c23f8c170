"""The bytes of a capture tool, as they come."""

from __future__ import annotations

import os
from typing import Final

import numpy as np
import numpy.typing as npt

_HEADER: Final = 24  # bytes of the pcap file header


class PipeStream:
    """A pipe that is read without waiting.

    Args:
        fd: The reading end, set to non-blocking; it stays the caller's.
        path: What to call it in messages.
    """

    def __init__(self, fd: int, path: str) -> None:
        self.path = path
        self.damage: str | None = None
        self.bytes_read = 0
        self.ended = False
        """Whether the writer has closed the pipe and everything was read."""
        self.drained = False
        """Whether the pipe was found empty since `begin_turn`."""
        self._fd, self._allowance = fd, _HEADER
        self._head = b""

    def has_header(self) -> bool:
        """Fetch what is there of the file header; tells whether it is complete, or the pipe ended."""
        room = np.empty(_HEADER - len(self._head), np.uint8)
        if room.size and not self.ended:
            self._head += room[: self._read(room)].tobytes()
        return len(self._head) == _HEADER or self.ended

    def begin_turn(self, allowance: int) -> None:
        """Let the next reads together take this many bytes, so that one busy pipe does not starve the others."""
        self._allowance, self.drained = allowance, False

    def readinto(self, buffer: npt.NDArray[np.uint8]) -> int:
        """Fill a buffer from its start; gives the bytes read, 0 where there are none now."""
        if self._head:
            n = len(self._head)
            buffer[:n] = np.frombuffer(self._head, np.uint8)
            self._head = b""
            return n
        if self._allowance <= 0:
            return 0
        n = self._read(buffer[: self._allowance])
        self._allowance -= n
        return n

    def _read(self, room: npt.NDArray[np.uint8]) -> int:
        try:
            n = os.readv(self._fd, [room.data])
        except BlockingIOError:
            self.drained = True
            return 0
        self.ended = n == 0
        self.drained |= self.ended
        self.bytes_read += n
        return n
