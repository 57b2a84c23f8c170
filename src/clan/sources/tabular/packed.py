"""The files of a data set, wherever they lie: alone, in a folder, in a zip, compressed."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import zstandard

from clan.errors import SourceUnavailable, UnsupportedFormat

Read = Callable[[], bytes]


def files_in(path: str | Path) -> Iterator[tuple[str, Read]]:
    """List the files that a path means, in order of name; each is read only when asked for.

    Args:
        path: A file, a folder (searched to the bottom, hidden files left out) or a zip of several files.

    Yields:
        Name (what a message calls it), and what gives its bytes, decompressed.

    Raises:
        SourceUnavailable: The path is not there, may not be read, or holds no file.
        UnsupportedFormat: A compressed file is damaged.
    """
    place = Path(path)
    try:
        if place.is_dir():
            found = sorted(p for p in place.rglob("*") if p.is_file() and not p.name.startswith("."))
            if not found:
                raise SourceUnavailable(f"{path} is a folder without a file in it")
            for each in found:
                yield from _members(each)
        else:
            yield from _members(place)
    except SourceUnavailable:
        raise
    except OSError as error:
        raise SourceUnavailable(f"{path} cannot be read: {error.strerror or error}") from error


def plain_name(name: str) -> str:
    """Give a file's name without folders and the suffix of its compression.

    Example:
        >>> plain_name("a/b.zip/KDDTest+.txt.gz")
        'KDDTest+.txt'
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    return last.removesuffix(".gz").removesuffix(".zst")


def _members(path: Path) -> Iterator[tuple[str, Read]]:
    if path.suffix.lower() != ".zip":
        yield str(path), lambda: _read(path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(info.filename for info in archive.infolist() if not info.is_dir()):
                if not PurePosixPath(name).name.startswith(".") and not name.startswith("__MACOSX/"):
                    yield f"{path}/{name}", lambda name=name: _unpacked(name, archive.read(name))  # type: ignore[misc]
    except (zipfile.BadZipFile, zlib.error) as error:
        raise UnsupportedFormat(f"{path} is no zip file, or a damaged one: {error}") from error


def _read(path: Path) -> bytes:
    try:
        return _unpacked(str(path), path.read_bytes())
    except OSError as error:
        raise SourceUnavailable(f"{path} cannot be read: {error.strerror or error}") from error


def _unpacked(name: str, data: bytes) -> bytes:
    try:
        if data.startswith(b"\x1f\x8b"):
            return gzip.decompress(data)
        if data.startswith(b"\x28\xb5\x2f\xfd"):
            return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
        raise UnsupportedFormat(f"{name} is compressed and damaged, or cut off: {error}") from error
    return data
