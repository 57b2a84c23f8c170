"""Reading every stream of some paths, one after the other."""

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

    Raises:
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
    ) -> None:
        if format_name not in FORMATS:
            raise UnknownNameError("format", format_name, FORMATS)
        files = find_files(paths)
        self.settings = settings or FlowSettings()
        self.report = ReadReport()
        self.total_bytes = sum(map(_size, files))
        self.bytes_read = 0
        self._streams = [files] if join else [[file] for file in files]
        self._open, self._strict = FORMATS[format_name], strict

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flow tables, stream after stream.

        Raises:
            NoFlows: Everything was read and there is no flow.
            UnsupportedFormat: The only file is no capture.
        """
        for paths in self._streams:
            before = self.bytes_read
            try:
                yield from self._stream(paths)
            except MalformedRecord:
                raise
            except SourceError as error:
                if self._strict or len(self._streams) == 1:
                    raise
                self.report.skipped[paths[0]] = str(error)
            self.bytes_read = before + sum(map(_size, paths))
        if self.report.flows == 0:
            raise NoFlows(self.report.why_no_flows())

    def _stream(self, paths: list[str]) -> Iterator[pl.DataFrame]:
        """Yield the flows of one stream, and add up its account whatever happens."""
        source = self._open(paths, self.settings, strict=self._strict)
        self.report.streams += 1
        before = self.bytes_read
        try:
            for batch in source.batches():
                self.report.flows += batch.height
                self.bytes_read = before + source.bytes_read
                yield batch
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
) -> pl.DataFrame:
    """Read captures into one flow table.

    Args:
        paths: A file, folder or glob, or several of them; `-` is standard input.
        settings: How flows are cut; default: `FlowSettings()`. `clan.flows.profile("lycos")` cuts as LycoSTand did.
        join: The files are the parts of one rotated capture.
        strict: Raise `MalformedRecord` on the first damage instead of warning.

    Returns:
        One row for each flow: the columns of `clan.schema.IDENTITY`, then the features of group `flow`. Stream after
        stream, in order of (`ts_end`, `uid`) within each.

    Raises:
        NoFlows: There is no flow in them; the message counts why.
        SourceUnavailable: A path cannot be read.
        UnsupportedFormat: The only file is no capture.
    """
    several = [paths] if isinstance(paths, str | Path) else paths
    reader = FlowReader([str(p) for p in several], settings=settings, join=join, strict=strict)
    return pl.concat(list(reader.batches()))


def empty_flows() -> pl.DataFrame:
    """Make a flow table without rows."""
    return pl.DataFrame(schema={**IDENTITY, **{f.name: f.dtype for f in features_of(["flow"])}})
