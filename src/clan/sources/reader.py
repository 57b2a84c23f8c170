"""Reading every stream of some paths: flows leave one stream after the other, whoever reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from clan.errors import MalformedRecord, NoFlows, SourceError
from clan.flows import FlowSettings
from clan.schema import CARRIED, IDENTITY, TABLE, features_of
from clan.sources.base import Source, stream_name
from clan.sources.context_columns import ContextColumns
from clan.sources.discover import find_files
from clan.sources.formats import check_kept, format_named, of_formats, recognise_all
from clan.sources.groups import check_groups, wanted_groups
from clan.sources.packets import STDIN
from clan.sources.report import ReadReport
from clan.sources.stored_flows import groups_of_stored, settings_of_stored
from clan.sources.workers import WorkerPool, check_workers, usual_workers


class FlowReader:
    """The flows of some files of one kind; each file is its own stream, unless they are the parts of one.

    A file that holds no flows, or is damaged from its start, is passed over with its reason in the report when there
    are others: bad input never loses good input. When nothing at all could be read the reason is raised.

    Args:
        paths: Files, folders, globs, `-`.
        settings: How packets are cut into flows.
        features: Names of feature groups (`clan.schema.GROUPS`), in the order of their columns; None: what the format
            gives unless asked, `flow` for packets; `clan.sources.USUAL`: what a detector should look at.
        format_name: Take every file as this format; None: look at its first bytes.
        join: The files are the parts of one rotated capture, in the order given.
        strict: Raise on the first damage.
        workers: Processes that read, each a stream at a time; the result does not depend on it. None: as many as there
            are cores where several large files make that worth it, else this one alone.
        keep_records: Keep the lines of logs, in the columns `clan.sources.records.KEPT`; one process reads then.
        columns: What the columns of a table mean (`ColumnMap.manifest()`), or what a model remembers of them.

    Raises:
        ConfigError: A number of workers that makes no sense; files of several kinds, with what each is; a feature group
            that they cannot tell, with who can.
        SourceUnavailable: A path does not exist.
        UnknownNameError: No such format, or no such group.
        UnsupportedFormat: The only file is in no format that clan reads.
        NoFlows: None of several files is.
    """

    def __init__(  # noqa: PLR0913 - what, and each way in which it may be read
        self,
        paths: Sequence[str],
        *,
        settings: FlowSettings | None = None,
        features: Sequence[str] | None = None,
        format_name: str | None = None,
        join: bool = False,
        strict: bool = False,
        workers: int | None = None,
        keep_records: bool = False,
        columns: Mapping[str, Any] | None = None,
    ) -> None:
        check_groups(features)
        given = None if format_name is None else format_named(format_name)
        check_workers(workers, join=join)
        found = find_files(paths)
        self.settings = settings or FlowSettings()
        self.report = ReadReport(skipped=found.passed_over)
        if given is None:
            recognised = recognise_all(found.files, strict=strict)
        else:
            recognised = of_formats(dict.fromkeys(found.files, given))
        self.report.skipped |= recognised.refused
        self._formats, self.kind = recognised.formats, recognised.kind
        self._stored = recognised.stored if columns is None else {}  # whoever says what columns mean has the last word
        if columns is not None and recognised.stored:
            self.kind = TABLE
        files = list(self._formats)
        self._keeping: dict[str, Any] = {"keep_records": True} if keep_records else {}
        if keep_records:
            check_kept(self._formats)
            workers = 1
        each = [self._stored[file].groups if file in self._stored else self._formats[file].groups for file in files]
        told = tuple(group for group in each[0] if all(group in groups for groups in each))
        if self._stored:
            self.settings = settings_of_stored(self._stored, files, self.settings)
            self.groups = groups_of_stored(features, told=told, kind=self.kind, file=next(iter(self._stored)))
        else:
            self.groups = wanted_groups(features, told=told, kind=self.kind)
        """Feature groups of the flow tables."""
        self.total_bytes = sum(map(_size, files))
        self.bytes_read = self._bytes_done = 0
        self._streams = [files] if join else [[file] for file in files]
        self._strict, self._columns = strict, columns
        self._source_settings: dict[str, Any] = {}
        # Standard input is ours alone: no other process can read it.
        alone = {STDIN, *(file for file, entry in self._formats.items() if entry.kind == TABLE)}
        shared = [] if join else [i for i, file in enumerate(files) if file not in alone]
        self._shared = {stream: number for number, stream in enumerate(shared)}
        if workers is None:
            workers = usual_workers([_size(files[i]) for i in shared])
        self.workers = max(min(workers, len(self._shared)), 1)
        """Processes that read; 1 is this one."""

    def origin(self) -> dict[str, Any]:
        """Give what a model remembers of where its flows came from, as JSON values."""
        names = sorted({entry.name for entry in self._formats.values()})
        return {
            "kind": self.kind,
            "formats": names,
            "settings": self.settings.manifest() if self.kind == "packets" else self._source_settings,
        }

    def files_of(self, source: str) -> list[str]:
        """Give the files of a stream by its name; none where it is no stream of this reader."""
        return next((paths for paths in self._streams if stream_name(paths[0]) == source), [])

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flow tables, stream after stream.

        Raises:
            NoFlows: Everything was read and there is no flow.
            UnsupportedFormat: The only file is not in the format that was named.
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
        formats = [self._formats[paths[0]].name for paths in streams]
        return WorkerPool(
            streams,
            formats,
            workers=self.workers,
            settings=self.settings,
            features=self.groups,
            strict=self._strict,
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
            options = {"columns": self._columns} if self._formats[paths[0]].kind == TABLE else {}
            source: Source = self._formats[paths[0]].open(
                paths, self.settings, features=self.groups, strict=self._strict, **self._keeping, **options
            )
        else:
            source = pool.source(self._shared[number])
        self.report.streams += 1
        context = ContextColumns(self.groups)
        try:
            for batch in source.batches():
                self.report.flows += batch.height
                yield self._alike(context.add(batch, source.name)), source.bytes_read
        finally:
            source.close()
            if paths[0] not in self._stored:
                self._source_settings |= source.settings
            self.report.counts.update(source.counts())
            self.report.counts.update(context.counts())
            self.report.warnings += source.warnings()

    def _alike(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Leave out what files of flows have and captures have not, where both are read."""
        both = self.kind == "packets" and 0 < len(self._stored) < len(self._formats)
        return batch.drop(CARRIED, strict=False) if both else batch


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
    features: Sequence[str] | None = None,
    format_name: str | None = None,
    join: bool = False,
    strict: bool = False,
    workers: int | None = None,
) -> pl.DataFrame:
    """Read captures or flow records into one flow table.

    Args:
        paths: A file, folder or glob, or several of them; `-` is standard input.
        settings: How flows are cut; default: `FlowSettings()`. `clan.flows.profile("lycos")` cuts as LycoSTand did.
        features: Names of feature groups, in the order of their columns; None: `flow` from packets.
        format_name: Take every file as this format; None: look at its first bytes.
        join: The files are the parts of one rotated capture.
        strict: Raise `MalformedRecord` on the first damage instead of warning.
        workers: Processes that read; the table is the same whatever their number. None: see `FlowReader`.

    Returns:
        One row for each flow: the columns of `clan.schema.IDENTITY`, then the features of the groups. Stream after
        stream, in order of (`ts_end`, `uid`) within each.

    Raises:
        ConfigError: A group that the source cannot tell.
        NoFlows: There is no flow in them; the message counts why.
        SourceUnavailable: A path cannot be read.
        UnknownNameError: No such format, or no such group.
        UnsupportedFormat: The only file is in no format that clan reads.
    """
    several = [paths] if isinstance(paths, str | Path) else paths
    reader = FlowReader(
        [str(p) for p in several],
        settings=settings,
        features=features,
        format_name=format_name,
        join=join,
        strict=strict,
        workers=workers,
    )
    return pl.concat(list(reader.batches()))


def empty_flows(features: Sequence[str] = ("flow",)) -> pl.DataFrame:
    """Make a flow table of some groups without rows."""
    return pl.DataFrame(schema={**IDENTITY, **{f.name: f.dtype for f in features_of(features)}})
