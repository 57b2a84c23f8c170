"""The reading processes together: streams are handed out in order, and their flows taken in order."""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

import polars as pl

from clan.errors import ClanError, MalformedRecord, SinkError, SourceError, SourceUnavailable, UnsupportedFormat
from clan.flows import FlowSettings
from clan.sources.base import stream_name
from clan.sources.workers.number import cores
from clan.sources.workers.process import Worker

AHEAD_BYTES: Final = 1 << 30
"""Bytes of finished flows on disk that may wait for their turn, all processes together."""
INTERRUPT_S: Final = 0.2
"""How long Ctrl-C waits at most."""

_ERRORS: Final = {
    e.__name__: e for e in (MalformedRecord, SinkError, SourceError, SourceUnavailable, UnsupportedFormat)
}


class WorkerPool:
    """Processes that read streams ahead of the one that takes their flows.

    A stream that is not yet due is read all the same, and its flows wait as files in a folder that nobody else may
    look into. A process whose flows fill its part of `AHEAD_BYTES` pauses; the stream that is due has nothing in front
    of it, so it always goes on.

    Args:
        streams: The paths of each stream.
        formats: For each stream a name of `clan.sources.FORMATS`.
        workers: How many processes.
        settings: How flows are cut.
        features: Feature groups; None: what the source gives unless asked.
        strict: Raise on damage.

    Raises:
        SourceError: A process cannot be started.
        SinkError: There is no room for temporary files.
    """

    def __init__(
        self,
        streams: Sequence[list[str]],
        formats: Sequence[str],
        *,
        workers: int,
        settings: FlowSettings,
        features: Sequence[str] | None,
        strict: bool,
    ) -> None:
        fixed = {"settings": settings.manifest(), "features": features, "strict": strict}
        self._tasks: list[dict[str, Any]] = [
            {"paths": paths, "format": name, **fixed} for paths, name in zip(streams, formats, strict=True)
        ]
        self._replies: list[SimpleQueue[dict[str, Any]]] = [SimpleQueue() for _ in streams]
        self._bytes = [0] * len(streams)
        self._unclaimed = iter(range(len(streams)))
        self._lock = threading.Lock()
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="clan-flows-")
        except OSError as error:
            raise SinkError(f"cannot make a temporary folder: {error}; let TMPDIR name one with room") from error
        self.workers: list[Worker] = []
        # Whatever becomes of us, the processes end with the program.
        self._finalizer = weakref.finalize(self, _end, self.workers)
        share, threads = AHEAD_BYTES // workers, max(cores() // workers, 1)
        try:
            for n in range(workers):
                self.workers.append(Worker(Path(self._folder.name, str(n)), allowance=share, threads=threads))
        except BaseException:
            _end(self.workers)
            self._folder.cleanup()
            raise
        self._threads = [threading.Thread(target=self._follow, args=(w,), daemon=True) for w in self.workers]
        for thread in self._threads:
            thread.start()

    @property
    def bytes_read(self) -> int:
        """Bytes that all processes have read."""
        return sum(self._bytes)

    def source(self, number: int) -> WorkerSource:
        """Give the flows of a stream; to be called in the order of the streams.

        Raises:
            SourceError: It cannot be opened, as its reader would raise.
        """
        return WorkerSource(self._tasks[number], self._replies[number])

    def close(self) -> None:
        """End all processes and remove what they left; safe to call twice."""
        self._finalizer()
        for thread in self._threads:
            thread.join()
        for worker in self.workers:
            worker.release()
        self._folder.cleanup()

    def _claim(self) -> int | None:
        """Give the next stream that nobody reads."""
        with self._lock:
            return next(self._unclaimed, None)

    def _follow(self, worker: Worker) -> None:
        """Give a process one stream after the other, and pass its replies on."""
        while (number := self._claim()) is not None:
            replies = self._replies[number]

            def hear(reply: dict[str, Any], number: int = number) -> None:
                self._bytes[number] = reply.get("bytes_read", self._bytes[number])
                self._replies[number].put(reply)

            if not worker.read(self._tasks[number], hear):
                replies.put({"died": worker.fate()})
                return
        worker.dismiss()


class WorkerSource:
    """A stream that another process reads; a `clan.sources.Source`."""

    kind = "packets"

    def __init__(self, task: Mapping[str, Any], replies: SimpleQueue[dict[str, Any]]) -> None:
        self.name = stream_name(task["paths"][0])
        self.settings: Mapping[str, Any] = task["settings"]
        self.groups: tuple[str, ...] = tuple(task["features"] or ())
        self.bytes_read = 0
        self._replies = replies
        self._end: dict[str, Any] = {}
        first = self._next()
        if "opened" not in first:
            raise _error_of(first)

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flow tables as the other process makes them."""
        while "counts" not in (reply := self._next()):
            path = Path(reply["batch"])
            batch = pl.read_ipc(path)
            path.unlink()
            self.bytes_read = reply["bytes_read"]
            yield batch
        self._end, self.bytes_read = reply, reply["bytes_read"]
        if reply["error"]:
            raise _error_of(reply)

    def _next(self) -> dict[str, Any]:
        """Wait for a reply.

        Raises:
            ClanError: The process died.
        """
        reply = None
        while reply is None:
            with suppress(Empty):  # not one long wait: Ctrl-C would not always end it
                reply = self._replies.get(timeout=INTERRUPT_S)
        if "died" in reply:
            # No SourceError: those pass over a file where there are others, and this file may be perfectly good.
            raise ClanError(
                f"the process that was reading {self.name} {reply['died']}; everything in front of it was read; try "
                "fewer --workers, or 1 to see what happens in one process"
            )
        return reply

    def counts(self) -> dict[str, int]:
        """Give what became of every packet, once all batches were taken."""
        return dict(self._end.get("counts", {}))

    def warnings(self) -> list[str]:
        """Give what the user should know, once all batches were taken."""
        return list(self._end.get("warnings", []))

    def close(self) -> None:
        """Do nothing: the process goes on with other streams."""


def _error_of(reply: dict[str, Any]) -> ClanError:
    """Make the error anew that the other process met."""
    name, message = reply["error"]
    return _ERRORS.get(name, ClanError)(message)


def _end(workers: list[Worker]) -> None:
    """End processes."""
    for worker in workers:
        worker.kill()
