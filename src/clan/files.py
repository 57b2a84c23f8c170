"""Files that are there whole or not at all, and files of lines that a later run continues."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import IO


def write_whole(path: str | Path, data: bytes) -> None:
    """Write a file; one that is there is replaced only by a complete one, and an error leaves nothing behind.

    Args:
        path: The file. Where it is a link, the file that the link points to; a device is written to.
        data: What it holds then.

    Raises:
        OSError: It cannot be written; the error names `path`.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        partial = target.with_name(target.name + ".partial")
        try:
            partial.write_bytes(data)
            partial.replace(target)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


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
