"""Files that are there whole or not at all, and files of lines that a later run continues."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO


def open_lines(path: str | Path, *, append: bool) -> IO[bytes]:
    """Open a file of lines to write to.

    Args:
        path: The file.
        append: Whether what is there stays; a last line that a crash cut short is ended then. Otherwise it is replaced.

    Raises:
        OSError: The file cannot be opened.
    """
    file = Path(path).open("ab" if append else "wb")  # noqa: SIM115 - the caller closes it
    if append and _is_cut(path):
        file.write(b"\n")
    return file


def first_line(path: str | Path) -> bytes:
    """Give the first line of a file with its end; nothing where there is none, or where it is no ordinary file.

    Raises:
        OSError: The file cannot be read.
    """
    if not Path(path).is_file():
        return b""
    with Path(path).open("rb") as file:
        return file.readline()


def _is_cut(path: str | Path) -> bool:
    if not Path(path).is_file() or not Path(path).stat().st_size:
        return False
    with Path(path).open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
