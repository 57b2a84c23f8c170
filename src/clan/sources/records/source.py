"""Files of flow records, read from beginning to end as one stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import polars as pl

from clan.errors import ConfigError
from clan.flows import FlowSettings
from clan.sources.groups import wanted_groups
from clan.sources.packets import ByteStream
from clan.sources.records.lines import LineReader
from clan.sources.records.stream import RecordParser, RecordStream


class RecordSource(RecordStream):
    """Flow records of one or several files.

    Args:
        paths: Files, or `-`.
        parser: What is particular to the format; it is closed with the source.
        strict: Raise on the first line that is no record.
        keep_records: Keep the lines, in the columns `KEPT`.

    Raises:
        SourceUnavailable: The first file cannot be opened.
    """

    def __init__(
        self, paths: Sequence[str], parser: RecordParser, *, strict: bool = False, keep_records: bool = False
    ) -> None:
        if not paths:
            raise ConfigError("a source of records needs at least one path")
        super().__init__(paths[0], parser, strict=strict, keep_records=keep_records)
        self.bytes_read = 0
        self._paths = list(paths)
        self._file: ByteStream | None = None
        try:
            self._file = ByteStream(paths[0])
        except BaseException:
            parser.close()
            raise

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flow tables in order of (`ts_end`, `uid`), as far as `Reorder` can see.

        Raises:
            MalformedRecord: A line is no record, and reading is strict.
        """
        for i, path in enumerate(self._paths):
            if i > 0:
                self._file = ByteStream(path)
            if self._file is None:
                raise ValueError(f"{self.name} was read already; open it anew")
            reader, before = LineReader(self._file), self.bytes_read
            for piece in reader.pieces():
                self.bytes_read = before + self._file.position()
                yield from self.take(piece)
            self.note(overlong=reader.overlong)
            if self._file.damage:
                self.note(warning=f"{path}: {self._file.damage}")
            if reader.cut:
                self.note(warning=f"{path}: it ends within a line; its last record may be cut short")
            self._close_file()
        yield from self.release()

    def close(self) -> None:
        """Close the file, and what the parser has open."""
        super().close()
        self._close_file()

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def record_opener(make: Callable[..., RecordParser]) -> Callable[..., RecordSource]:
    """Give what opens files of a format whose parser is `make(path, keep_records=...)`, and whose group is ``conn``."""

    def open_records(
        paths: Sequence[str],
        _settings: FlowSettings,
        *,
        features: Sequence[str] | None = None,
        strict: bool = False,
        keep_records: bool = False,
    ) -> RecordSource:
        """Open one file, or the parts of one log; the settings are of packets, and of no meaning here.

        Raises:
            ConfigError: A group that such records cannot tell.
            SourceUnavailable: A file cannot be read.
        """
        parser = make(paths[0], keep_records=keep_records)
        try:
            wanted_groups(features, told=("conn",), kind=parser.kind)
        except BaseException:
            parser.close()
            raise
        return RecordSource(paths, parser, strict=strict, keep_records=keep_records)

    return open_records
