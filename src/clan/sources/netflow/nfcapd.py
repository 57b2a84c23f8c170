"""A folder that nfcapd writes to, a new file every few minutes, followed file by file as each is finished."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import polars as pl

from clan.errors import ConfigError, SourceError
from clan.flows import FlowSettings
from clan.sources.netflow.join import LONGEST_US, WAIT_US
from clan.sources.netflow.nfdump import NfdumpSource

LOOK_EVERY_S: Final = 1.0
"""How often the folder is looked at."""
NAMED: Final = 5
"""Unreadable files that are named; the others are counted."""
_GIVEN_US: Final = LONGEST_US + 3 * WAIT_US
"""When the records of a file have all been given: they wait so long for others, and for their place in the order."""
_FINISHED: Final = re.compile(r"nfcapd\.[0-9]{8,14}")
_OF_A_TIME: Final = re.compile(r"[0-9]+(-[0-9]+)*")
"""Names of the folders that nfcapd makes for years, months, weeks, days and hours (`-S`)."""


def finished_files(folder: Path, *, after: str = "", newest: Sequence[str] = ()) -> list[Path]:
    """List the files that nfcapd has finished, also those in folders of days (`-S`), in the order of their times.

    The one that it still writes is called `nfcapd.current`, and is none of them.

    Args:
        folder: Where nfcapd writes.
        after: Only files with later names than this one.
        newest: Where the newest file known lies, as names of folders below `folder`; folders of earlier days are not
            looked into.

    Example:
        >>> finished_files(Path("/nowhere"))
        []
    """
    return sorted(_files(folder, after, newest), key=lambda path: path.name)


def _files(folder: Path, after: str, newest: Sequence[str]) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:  # it may be gone, or nobody's business
        for entry in entries:
            if _FINISHED.fullmatch(entry.name):
                if entry.name > after and entry.is_file():
                    yield Path(entry.path)
            elif entry.is_dir(follow_symlinks=False) and not (newest and _is_before(entry.name, newest[0])):
                inner = newest[1:] if newest and entry.name == newest[0] else ()
                yield from _files(Path(entry.path), after, inner)


def _is_before(name: str, newest: str) -> bool:
    """Whether a folder is of an earlier time than the one beside it: nfcapd writes numbers of one length."""
    of_times = _OF_A_TIME.fullmatch(name) and _OF_A_TIME.fullmatch(newest)
    return bool(of_times) and len(name) == len(newest) and name < newest


class NfcapdFeed:
    """The files of a folder, as they are finished.

    Args:
        folder: Where nfcapd writes.
        saved: As `saved` gave it in an earlier run; empty to begin with the oldest file.
        source: What reads them.

    Raises:
        ConfigError: What was saved is no name of a file.
    """

    def __init__(self, folder: str, saved: dict[str, Any], source: NfdumpSource) -> None:
        name = saved.get("file", "")
        if not isinstance(name, str):
            raise ConfigError(f"the saved position of {folder} is none: {saved!r}; delete the state file to begin anew")
        self._folder, self._source = Path(folder), source
        self._last, self._given = name, name  # the newest that was read, and the newest of which nothing waits
        self._read: list[tuple[str, int]] = []  # names, and how far the records had come
        self._newest: tuple[str, ...] = ()  # where the newest that was read lies
        self._look_at = 0.0

    def pieces(self) -> Iterator[bytes]:
        """Yield the path of each file that was finished since, and `b""` whenever there is none."""
        while True:
            if time.monotonic() >= self._look_at:
                for path in finished_files(self._folder, after=self._last, newest=self._newest):
                    if path.name > self._last:  # another folder may have one of the same name
                        yield str(path).encode()
                        self._last, self._newest = path.name, path.relative_to(self._folder).parts[:-1]
                        self._read.append((path.name, self._source.now_us))
                self._look_at = time.monotonic() + LOOK_EVERY_S
            yield b""

    def head(self) -> bytes:
        """Give nothing: each file stands for itself."""
        return b""

    def saved(self) -> dict[str, Any]:
        """Give the newest file whose flows have all been given: after a crash, those behind it are read again."""
        until = self._source.now_us - (_GIVEN_US if self._source.waiting else 0)
        while self._read and self._read[0][1] <= until:
            self._given = self._read.pop(0)[0]
        return {"file": self._given}

    def counts(self) -> dict[str, int]:
        """Give nothing: the stream counts."""
        return {}

    def close(self) -> None:
        """Release nothing."""


class NfcapdStream:
    """Flows of files, one after the other; conversations go on from one to the next.

    Args:
        folder: The stream, as the `source` column names it.

    Raises:
        SourceUnavailable: nfdump is not installed.
    """

    def __init__(self, folder: str) -> None:
        self.source = NfdumpSource([], FlowSettings(), name=folder)
        self._unreadable: list[str] = []
        self._n_unreadable = 0

    def take(self, piece: bytes) -> Iterator[pl.DataFrame]:
        """Read the file of that path; one that nfdump cannot read is counted, for the next one may be whole."""
        try:
            yield from self.source.read(piece.decode())
        except SourceError as error:
            self._n_unreadable += 1
            self._unreadable += [str(error)] * (self._n_unreadable <= NAMED)

    def release(self) -> Iterator[pl.DataFrame]:
        """Give nothing between files: what waits may go on in the next one."""
        return iter(())

    def finish(self) -> Iterator[pl.DataFrame]:
        """Give everything that waits."""
        return self.source.finish()

    def counts(self) -> dict[str, int]:
        """Give what became of every record so far."""
        return {**self.source.counts(), "unreadable_files": self._n_unreadable}

    def warnings(self) -> list[str]:
        """Name files that could not be read."""
        return self._unreadable

    def begin(self, _head: bytes) -> None:
        """Do nothing: each file stands for itself."""

    def close(self) -> None:
        """End nfdump."""
        self.source.close()
