"""One file of a spool: records one after another, each with its number and a checksum."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from clan.alerts.delivery.record import MAX_RECORD, Record

SUFFIX: Final = ".segment"
HEADER: Final = struct.Struct("<IIQH")
"""CRC-32 of all that follows it, length of the body, number of the record, length of its id."""
MOST_BYTES: Final = HEADER.size + 0xFFFF + MAX_RECORD
_CRC: Final = 4  # bytes


@dataclass(kw_only=True)
class Segment:
    """A file of a spool.

    Attributes:
        path: The file, named after the number of its first record.
        first: That number.
        n: Records in it.
        size: Its bytes.
    """

    path: Path
    first: int
    n: int = 0
    size: int = 0

    @property
    def end(self) -> int:
        """Number of the record after its last."""
        return self.first + self.n


class Stored(NamedTuple):
    """A record as it was found: its number, itself, and the offset behind it."""

    number: int
    record: Record
    end: int


def path_of(folder: Path, first: int) -> Path:
    """Name the file whose first record has this number; names sort as numbers do."""
    return folder / f"{first:020d}{SUFFIX}"


def first_of(path: Path) -> int | None:
    """Number of the first record of a file, by its name; None for a file that is no segment."""
    name = path.stem
    if path.suffix != SUFFIX or len(name) != 20 or not (name.isascii() and name.isdigit()):
        return None
    return int(name) if int(name) < 1 << 63 else None


def packed(number: int, record: Record) -> bytes:
    """Lay out a record; an id beyond 255 bytes is cut."""
    name = record.id.encode("utf-8", "replace")[:255]
    rest = HEADER.pack(0, len(record.body), number, len(name))[_CRC:] + name + record.body
    return zlib.crc32(rest).to_bytes(_CRC, "little") + rest


def records(data: bytes, number: int, *, base: int = 0) -> Iterator[Stored]:
    """Read records until one is not whole, not right or not the next.

    Args:
        data: Bytes of a segment, from the beginning of a record on.
        number: The number that the first record must have.
        base: Offset of `data` in the file.
    """
    at, view = 0, memoryview(data)
    while at + HEADER.size <= len(data):
        crc, length, found, n_name = HEADER.unpack_from(data, at)
        end = at + HEADER.size + n_name + length
        if found != number or length > MAX_RECORD or end > len(data):
            return
        if zlib.crc32(view[at + _CRC : end]) != crc:
            return
        name = data[at + HEADER.size : at + HEADER.size + n_name].decode("utf-8", "replace")
        yield Stored(number, Record(name, data[at + HEADER.size + n_name : end]), base + end)
        at, number = end, number + 1


def looks_damaged(data: bytes) -> bool:
    """Tell a record that is there and wrong from one whose writing was cut short.

    Args:
        data: What follows the last good record.
    """
    if len(data) < HEADER.size:
        return False
    _, length, _, n_name = HEADER.unpack_from(data)
    return length > MAX_RECORD or HEADER.size + n_name + length <= len(data)
