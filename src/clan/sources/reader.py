"""Reading every stream of some paths: flows leave one stream after the other, whoever reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl

from clan.errors import MalformedRecord, NoFlows, SourceError, UnknownNameError
from clan.flows import FlowSettings
from clan.schema import IDENTITY, features_of
from clan.sources.base import Source
from clan.sources.discover import find_files
from clan.sources.packets import STDIN, PacketSource
from clan.sources.report import ReadReport
from clan.sources.workers import WorkerPool, check_workers, usual_workers

FORMATS: dict[str, Callable[..., Source]] = {"pcap": PacketSource}
"""Readers by the name that `--format` takes."""


class FlowReader:
    """The flows of some captures; each file is its own stream, unless they are the parts of one.

    A file that is no capture, or damaged from its start, is passed over with its reason in the report when there are
    others: bad input never loses good input. When nothing at all could be read the reason is raised.

    Args:
        paths: Files, folders, globs, `-`.
        settings: How flows are cut.
        format_name: Take every file as this format.
        join: The files are the parts of one rotated capture, in the order given.
        strict: Raise on the first damage.
        workers: Processes that read, each a stream at a time; the result does not depend on it. None: as many as there
            are cores where several large files make that worth it, else this one alone.

    Raises:
        ConfigError: A number of workers that makes no sense.
        SourceUnavailable: A path does not exist.
        UnknownNameError: No such format.
    """

    kind = "packets"

    def __init__(
        self,
        paths: Sequence[str],
        *,
        settings: FlowSettings | None = None,
        format_name: str = "pcap",
        join: bool = False,
        strict: bool = False,
        workers: int | None = None,
    ) -> None:
        if format_name not in FORMATS:
            raise UnknownNameError("format", format_name, FORMATS)
        check_workers(workers, join=join)
        found = find_files(paths)
        self.settings = settings or FlowSettings()
        self.report = ReadReport(skipped=found.passed_over)
        self.total_bytes = sum(map(_size, found.files))
        self.bytes_read = self._bytes_done = 0
        self._streams = [found.files] if join else [[file] for file in found.files]
        self._format, self._strict = format_name, strict
        # Standard input is ours alone: no other process can read it.
        shared = [] if join else [i for i, file in enumerate(found.files) if file != STDIN]
        self._shared = {stream: number for number, stream in enumerate(shared)}
        if workers is None:
            workers = usual_workers([_size(found.files[i]) for i in shared])
        self.workers = max(min(workers, len(self._shared)), 1)
        """Processes that read; 1 is this one."""

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flow tables, stream after stream.

        Raises:
            NoFlows: Everything was read and there is no flow.
            UnsupportedFormat: The only file is no capture.
        """
        pool = self._start_workers() if self.workers > 1 else None
        try:
            for i, paths in enumerate(self._streams):
                yield from self._pass_over_bad(i, paths, pool)
        finally:
            if pool is not None:
                pool.close()
        if self.report.flows == 0:
            raise NoFlows(self.report.why_no_flows())

    def _start_workers(self) -> WorkerPool:
        streams = [self._streams[i] for i in self._shared]
        return WorkerPool(
            streams, workers=self.workers, settings=self.settings, format_name=self._format, strict=self._strict
        )

    def _pass_over_bad(self, number: int, paths: list[str], pool: WorkerPool | None) -> Iterator[pl.DataFrame]:
        """Yield the flows of one stream; where it cannot be read and there are others, note why."""
        before = self._bytes_done
        try:
            for batch, position in self._stream(number, paths, pool):
                self.bytes_read = max(before + position, pool.bytes_read if pool else 0)
                yield batch
        except MalformedRecord:
            raise
        except SourceError as error:
            if self._strict or len(self._streams) == 1:
                raise
            self.report.skipped[paths[0]] = str(error)
        self._bytes_done = before + sum(map(_size, paths))
        self.bytes_read = max(self._bytes_done, self.bytes_read)

    def _stream(self, number: int, paths: list[str], pool: WorkerPool | None) -> Iterator[tuple[pl.DataFrame, int]]:
        """Yield the flows of one stream and how far it was read, and add up its account whatever happens."""
        if pool is None or number not in self._shared:
            source: Source = FORMATS[self._format](paths, self.settings, strict=self._strict)
        else:
            source = pool.source(self._shared[number])
        self.report.streams += 1
        try:
            for batch in source.batches():
                self.report.flows += batch.height
                yield batch, source.bytes_read
        finally:
            source.close()
            self.report.counts.update(source.counts())
            self.report.warnings += source.warnings()


def _size(path: str) -> int:
    """Give the bytes of a file for the progress display; 0 where nobody can tell, or the file went away meanwhile."""
    try:
        return 0 if path == STDIN else Path(path).stat().st_size
    except OSError:
        return 0


def read_flows(
    paths: str | Path | Sequence[str | Path],
    *,
    settings: FlowSettings | None = None,
    join: bool = False,
    strict: bool = False,
    workers: int | None = None,
) -> pl.DataFrame:
    """Read captures into one flow table.

    Args:
        paths: A file, folder or glob, or several of them; `-` is standard input.
        settings: How flows are cut; default: `FlowSettings()`. `clan.flows.profile("lycos")` cuts as LycoSTand did.
        join: The files are the parts of one rotated capture.
        strict: Raise `MalformedRecord` on the first damage instead of warning.
        workers: Processes that read; the table is the same whatever their number. None: see `FlowReader`.

    Returns:
        One row for each flow: the columns of `clan.schema.IDENTITY`, then the features of group `flow`. Stream after
        stream, in order of (`ts_end`, `uid`) within each.

    Raises:
        NoFlows: There is no flow in them; the message counts why.
        SourceUnavailable: A path cannot be read.
        UnsupportedFormat: The only file is no capture.
    """
    several = [paths] if isinstance(paths, str | Path) else paths
    reader = FlowReader([str(p) for p in several], settings=settings, join=join, strict=strict, workers=workers)
    return pl.concat(list(reader.batches()))


def empty_flows() -> pl.DataFrame:
    """Make a flow table without rows."""
    return pl.DataFrame(schema={**IDENTITY, **{f.name: f.dtype for f in features_of(["flow"])}})
