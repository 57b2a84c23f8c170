"""What a file is that was given in place of a model."""

from __future__ import annotations

from typing import Final

_MAGIC: Final = (
    (b"\xa1\xb2\xc3\xd4", "a capture (pcap)"),
    (b"\xd4\xc3\xb2\xa1", "a capture (pcap)"),
    (b"\xa1\xb2\x3c\x4d", "a capture (pcap)"),
    (b"\x4d\x3c\xb2\xa1", "a capture (pcap)"),
    (b"\x0a\x0d\x0d\x0a", "a capture (pcapng)"),
    (b"PAR1", "a Parquet table"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x1f\x8b", "a file packed with gzip"),
    (b"\x28\xb5\x2f\xfd", "a file packed with Zstandard"),
    (b"PK\x03\x04", "a zip archive"),
)
"""How files begin that may be taken for a model by mistake."""


def found(data: bytes) -> str:
    r"""Say what a file holds that is no model, by how it begins; prints as it is.

    Args:
        data: The file, or its first bytes.

    Example:
        >>> found(b"uid,ts_start,ts_end"), found(b"\x00\x01\x02\x03\x04")
        ("text that begins 'uid,ts_start,ts_end'", 'bytes 00 01 02 03')
    """
    if not data:
        return "nothing: it is empty"
    for magic, what in _MAGIC:
        if data.startswith(magic):
            return what
    start = data.split(b"\n", 1)[0].rstrip(b"\r")[:40]
    if start and start.isascii() and start.decode().isprintable():
        return f"text that begins {start.decode()!r}"
    return f"bytes {data[:4].hex(' ')}"
