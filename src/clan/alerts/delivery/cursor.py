"""The number of the first record that has not been delivered, kept in a file of twelve bytes."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

_FORM = struct.Struct("<QI")  # the number and its CRC-32


class Cursor:
    """Remembers how far a spool has been delivered. A lost cursor means repetitions, never losses.

    Args:
        path: Its file, which is made where there is none.

    Raises:
        OSError: The file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def read(self) -> int | None:
        """Give the number, or None where none was kept or it is damaged."""
        data = os.pread(self._file, _FORM.size, 0)
        if len(data) != _FORM.size:
            return None
        number, crc = _FORM.unpack(data)
        return int(number) if zlib.crc32(data[:8]) == crc else None

    def write(self, number: int) -> None:
        """Keep a number; one call of the system, so that the end of this process never leaves half of it."""
        data = struct.pack("<Q", number)
        os.pwrite(self._file, data + struct.pack("<I", zlib.crc32(data)), 0)

    def sync(self) -> None:
        """Force it to the disk."""
        os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
