"""Logs that grow, followed until somebody says stop: what is read once is read once, also after a restart."""

from __future__ import annotations

import json
import os
import select
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

import polars as pl

from clan.errors import ConfigError, SinkError
from clan.sources.context_columns import ContextColumns
from clan.sources.formats import SourceFormat, check_kept, format_named, recognise_all
from clan.sources.groups import wanted_groups
from clan.sources.live import LiveStatus
from clan.sources.netflow import NfcapdFeed, NfcapdStream, finished_files
from clan.sources.records import FollowedFile, Position, RecordStream
from clan.sources.redis_feed import RedisFeed, is_redis, without_credentials
from clan.sources.report import ReadReport

TICK_S: Final = 0.25
"""How long quiet logs are waited for."""
STATUS_EVERY_S: Final = 1.0
PIECES_A_TURN: Final = 16
"""Pieces of one log that are read before the others have their turn."""


class Feed(Protocol):
    """Where lines come from as they are written."""

    def pieces(self) -> Iterator[bytes]:
        """Yield what there is now, in whole lines, and `b""` whenever there is nothing (more)."""

    def head(self) -> bytes:
        """Give the first bytes, for the lines there that explain the others; nothing where there are none."""

    def saved(self) -> dict[str, Any]:
        """Give how far it has been read, as JSON values."""

    def counts(self) -> dict[str, int]:
        """Give what happened to it, by name."""

    def close(self) -> None:
        """Release it; safe to call twice."""


class Stream(Protocol):
    """What makes flows of what a feed gives."""

    def begin(self, head: bytes) -> None:
        """Take the lines that explain the others, as `Feed.head` gives them."""

    def take(self, piece: bytes) -> Iterator[pl.DataFrame]:
        """Give the flows that may leave."""

    def release(self) -> Iterator[pl.DataFrame]:
        """Give what waits though nothing comes, at the end of each turn."""

    def finish(self) -> Iterator[pl.DataFrame]:
        """Give everything that waits, at the end."""

    def counts(self) -> dict[str, int]:
        """Give what became of everything so far."""

    def warnings(self) -> list[str]:
        """Give what the user should know."""

    def close(self) -> None:
        """Release what is open; safe to call twice."""


class FileFeed:
    """A log that grows.

    Args:
        path: Where it lies.
        saved: As `saved` gave it in an earlier run; empty to begin at its beginning.

    Raises:
        SourceUnavailable: It cannot be opened.
        ConfigError: What was saved is no position.
    """

    def __init__(self, path: str, saved: dict[str, Any]) -> None:
        start = None
        if saved:
            numbers = [saved.get(name) for name in ("device", "inode", "offset")]
            if not all(isinstance(n, int) and n >= 0 for n in numbers):
                raise ConfigError(
                    f"the saved position of {path} is none: {saved!r}; delete the state file to begin anew"
                )
            start = Position(*numbers)  # type: ignore[arg-type]
        self._file = FollowedFile(path, start)

    def pieces(self) -> Iterator[bytes]:
        """Yield whole lines as they come."""
        return self._file.pieces()

    def head(self) -> bytes:
        """Give the first bytes, where reading begins further down."""
        return self._file.head() if self._file.position.offset else b""

    def saved(self) -> dict[str, Any]:
        """Give how far the log has been read."""
        at = self._file.position
        return {"device": at.device, "inode": at.inode, "offset": at.offset}

    def counts(self) -> dict[str, int]:
        """Give what happened to the log."""
        file = self._file
        names = {"rotations": file.rotations, "truncations": file.truncations, "overlong_lines": file.overlong}
        return {**names, "files_gone_meanwhile": file.lost}

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class FollowReader:
    """The flows of logs that grow, each its own stream, until `stop`.

    Args:
        paths: Files, `redis://HOST:PORT/KEY`, or a folder that nfcapd writes to.
        format_name: Take every file as this format; None: look at its first bytes.
        features: Feature groups of the tables; None: `conn`.
        state: A file that remembers how far each log was read; it is made, and written anew about every second.
        keep_records: Keep each line, for `--annotate`.

    Raises:
        ConfigError: A format whose files do not grow, a folder, a state file that is none.
        SourceUnavailable: A log cannot be read.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        format_name: str | None = None,
        features: Sequence[str] | None = None,
        state: str | None = None,
        keep_records: bool = False,
    ) -> None:
        formats = _formats_of(paths, format_name)
        if keep_records:
            check_kept(formats)
        self.kind = next(iter(formats.values())).kind
        self.groups = wanted_groups(features, told=("conn",), kind=self.kind)
        """Feature groups of the flow tables."""
        self._context = ContextColumns(self.groups)
        self.report = ReadReport()
        self.on_status: Callable[[LiveStatus], None] | None = None
        """Told about every second how it goes."""
        self.on_stats: Callable[[LiveStatus], None] | None = None
        """Told the same, and once more at the end."""
        self._formats = sorted({entry.name for entry in formats.values()})
        self._state = state
        saved = _read_state(state)
        self._feeds: dict[str, Feed] = {}
        self._streams: dict[str, Stream] = {}
        self._bell, self._ring = socket.socketpair()
        self._ring.settimeout(0)
        self._stopping = False
        try:
            for path, entry in formats.items():
                self._begin(path, entry, saved, keep_records=keep_records)
        except BaseException:
            self.close()
            raise
        self._started = self._status_at = time.monotonic()
        self._before = Counter[str]()

    def _begin(self, path: str, entry: SourceFormat, states: dict[str, Any], *, keep_records: bool) -> None:
        """Open one log, or a folder of files; what comes from Redis is named without its user and password."""
        feed: Feed
        stream: Stream
        name = without_credentials(path)
        saved = states.get(name, {})
        if entry.parser is None:
            stream = files = NfcapdStream(name)
            feed = NfcapdFeed(path, saved, files.source)
        else:
            keeping = {"keep_records": True} if keep_records else {}
            feed = RedisFeed(path, saved) if is_redis(path) else FileFeed(path, saved)
            stream = RecordStream(name, entry.parser(name, follow=True, **keeping), keep_records=keep_records)
        self._feeds[name], self._streams[name] = feed, stream
        stream.begin(feed.head())

    def origin(self) -> dict[str, Any]:
        """Give what a model remembers of where its flows came from, as JSON values."""
        return {"kind": self.kind, "formats": self._formats, "settings": {}}

    @property
    def names(self) -> list[str]:
        """The logs."""
        return list(self._feeds)

    def stop(self) -> None:
        """End it; `batches` then gives what has come, and ends. Safe in a signal handler."""
        self._stopping = True
        with suppress(OSError):  # it has rung already, or is over
            self._ring.send(b"\0")

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flows as their records are written, until `stop`; those of each turn in order of (`ts_end`, `uid`)."""
        pieces = {path: feed.pieces() for path, feed in self._feeds.items()}
        try:
            self._save()  # a log that is renamed before the first second is over is found again
            while not self._stopping:
                busy = False
                for path, each in pieces.items():
                    for _ in range(PIECES_A_TURN):
                        piece = next(each)
                        if not piece:
                            break
                        busy = True
                        yield from self._told(self._streams[path].take(piece))
                    yield from self._told(self._streams[path].release())
                self._tell()
                if not busy and not self._stopping:
                    select.select([self._bell], [], [], TICK_S)
            for stream in self._streams.values():
                yield from self._told(stream.finish())
            self._save()  # not after an error: what the pieces behind the position hold has not been handled then
        finally:
            self.close()
            self.report.streams = len(self._streams)
            self.report.counts = self._all_counts()
            self.report.warnings = [w for stream in self._streams.values() for w in stream.warnings()]
            if self.on_stats is not None:
                self.on_stats(self._status(time.monotonic(), ended=True))

    def _told(self, batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        for batch in batches:
            self.report.flows += batch.height
            yield self._context.add(batch, batch["source"][0])

    def close(self) -> None:
        """Release the logs; safe to call twice."""
        for feed in self._feeds.values():
            feed.close()
        for stream in self._streams.values():
            stream.close()
        self._bell.close()
        self._ring.close()

    def _tell(self) -> None:
        """About every second: remember the positions, whose flows have all been given, and say how it goes."""
        now = time.monotonic()
        if now - self._status_at < STATUS_EVERY_S:
            return
        self._save()
        status = self._status(now)
        for tell in (self.on_status, self.on_stats):
            if tell is not None:
                tell(status)

    def _save(self) -> None:
        if self._state is not None:
            _write_state(self._state, {path: feed.saved() for path, feed in self._feeds.items()})

    def _all_counts(self) -> Counter[str]:
        total = Counter[str]()
        for counts in (*(s.counts() for s in self._streams.values()), *(f.counts() for f in self._feeds.values())):
            total.update(counts)
        total.update(self._context.counts())
        return total

    def _status(self, now: float, *, ended: bool = False) -> LiveStatus:
        """Say how it goes; rates are since the last time."""
        counts, passed = self._all_counts(), max(now - self._status_at, 1e-9)
        status = LiveStatus(
            seconds=now - self._started,
            packets=counts["records"],
            packets_per_s=(counts["records"] - self._before["records"]) / passed,
            flows=self.report.flows,
            counts=dict(counts),
            ended=ended,
            unit="records",
        )
        self._before, self._status_at = counts, now
        return status


def _formats_of(paths: Sequence[str], format_name: str | None) -> dict[str, SourceFormat]:
    """Say what each log is; what comes from Redis is what Suricata writes there, unless said otherwise."""
    folders = {path: _format_of_folder(path, format_name) for path in paths if Path(path).is_dir()}
    if format_name is not None:
        formats = {path: folders.get(path) or format_named(format_name) for path in paths}
        _check_growing(formats, folders)
        return formats
    places = folders | {path: format_named("eve") for path in paths if is_redis(path)}
    files = [path for path in paths if path not in places]
    found = recognise_all(files, strict=True).formats if files else {}
    formats = {path: places.get(path) or found[path] for path in dict.fromkeys(paths)}
    if len({entry.kind for entry in formats.values()}) > 1:
        raise ConfigError("one model learns from one kind of source, and these are several: follow them apart")
    _check_growing(formats, folders)
    return formats


def _format_of_folder(path: str, format_name: str | None) -> SourceFormat:
    """Say what a folder is: one that nfcapd writes to is followed.

    Raises:
        ConfigError: It is another one.
    """
    if format_name == "nfdump" or (format_name is None and finished_files(Path(path))):
        return format_named("nfdump")
    name = "eve.json" if Path(path, "eve.json").exists() else "conn.log"
    raise ConfigError(
        f"{path} is a folder; name the logs that are to be followed, for instance {path}/{name}. Of folders only those "
        "that nfcapd writes to are followed, and it has no finished file of nfcapd (nfcapd.202405061200); "
        "--format nfdump waits for the first one"
    )


def _check_growing(formats: Mapping[str, SourceFormat], folders: Container[str]) -> None:
    """Raise where a file is of a format whose files do not grow."""
    for path, entry in formats.items():
        if entry.parser is None and path not in folders:
            raise ConfigError(
                f"{without_credentials(path)} is in format {entry.name}, whose files do not grow: {entry.instead}"
            )


def _read_state(path: str | None) -> dict[str, dict[str, Any]]:
    """Read the positions of an earlier run; none where there was none.

    Raises:
        ConfigError: The file is there, and holds something else.
    """
    if path is None or not Path(path).exists():
        return {}
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        logs = found["logs"] if found["version"] == 1 else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(f"{path} is no state file of clan: {error!r}; delete it to begin anew") from error
    if not isinstance(logs, dict) or not all(isinstance(entry, dict) for entry in logs.values()):
        raise ConfigError(f"{path} is no state file of this version of clan; delete it to begin anew")
    return logs


def _write_state(path: str, logs: dict[str, dict[str, Any]]) -> None:
    """Write the positions; whoever reads the file finds it whole, old or new."""
    try:
        with tempfile.NamedTemporaryFile("w", dir=Path(path).parent, prefix=".clan-", delete=False) as out:
            json.dump({"version": 1, "logs": logs}, out)
            out.flush()
            os.fsync(out.fileno())
        Path(out.name).replace(path)
    except OSError as error:
        raise SinkError(f"cannot write {path}: {error.strerror or error}") from error
