"""One stream of flow records: lines are parsed, checked, put in order and made into flow tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

import polars as pl

from clan.errors import ConfigError, MalformedRecord
from clan.sources.packets import ByteStream
from clan.sources.records.lines import LineReader
from clan.sources.records.order import Reorder
from clan.sources.records.parsed import NAMED_LINES, BadLine, Parsed
from clan.sources.records.table import checked, flow_table

KEPT: Final[dict[str, pl.DataType]] = {"record": pl.String(), "record_header": pl.String()}
"""Columns of a table whose records are kept: the line as it was, and the header that explains it, if it needs one."""


class RecordParser(Protocol):
    """What is particular to a format."""

    def parse(self, piece: bytes) -> Parsed:
        """Make rows of whole lines: the columns that `clan.sources.records.checked` asks for, always the same ones."""

    def enrich(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add what takes more than the line itself; rows come in order of (`ts_end`, `uid`)."""

    def counts(self) -> Mapping[str, int]:
        """Give what else became of what was read, by name."""

    def warnings(self) -> list[str]:
        """Give what the user should know."""

    def close(self) -> None:
        """Release what is open; safe to call twice."""


class RecordSource:
    """Flow records of one or several files that are read as one stream.

    Args:
        paths: Files, or `-`.
        parser: What is particular to the format.
        kind: Kind of the source, as a model remembers it.
        strict: Raise on the first line that is no record.
        keep_records: Keep the lines, in the columns `KEPT`; the parser gives them.

    Raises:
        SourceUnavailable: The first file cannot be opened.
    """

    def __init__(
        self, paths: Sequence[str], parser: RecordParser, *, kind: str, strict: bool = False, keep_records: bool = False
    ) -> None:
        if not paths:
            raise ConfigError("a source of records needs at least one path")
        self.name, self.kind = paths[0], kind
        self.settings: dict[str, Any] = {}
        self.groups: tuple[str, ...] = ("conn",)
        self.bytes_read = 0
        self._paths, self._parser, self._strict = list(paths), parser, strict
        self._extra = KEPT if keep_records else {}
        self._stream: ByteStream | None = ByteStream(paths[0])
        self._order = Reorder()
        self._counts: Counter[str] = Counter()
        self._warnings: list[str] = []
        self._bad: list[BadLine] = []

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flow tables in order of (`ts_end`, `uid`), as far as `Reorder` can see.

        Raises:
            MalformedRecord: A line is no record, and reading is strict.
        """
        for i, path in enumerate(self._paths):
            if i > 0:
                self._stream = ByteStream(path)
            if self._stream is None:
                raise ValueError(f"{self.name} was read already; open it anew")
            reader, before = LineReader(self._stream), self.bytes_read
            for piece in reader.pieces():
                self.bytes_read = before + self._stream.position()
                yield from self.take(piece)
            self._note_end(path, reader, self._stream)
            self._close_file()
        yield from self._finish(self._order.flush())

    def take(self, piece: bytes) -> Iterator[pl.DataFrame]:
        """Parse whole lines, and give the flows that may leave."""
        parsed = self._parser.parse(piece)
        good, odd = checked(parsed.frame)
        parsed.refuse([BadLine(str(uid), "address, time, port or count that cannot be") for uid in odd["uid"]])
        self._counts.update(parsed.counts)
        self._bad += parsed.bad[: NAMED_LINES - len(self._bad)]
        if self._strict and self._bad:
            raise MalformedRecord(f"{self.name}: {self._bad[0]}")
        yield from self._finish(self._order.push(good))

    def _finish(self, tables: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        for table in tables:
            batch = flow_table(self._parser.enrich(table), source=self.name, extra=self._extra)
            self._counts["flows"] += batch.height
            yield batch

    def release(self) -> Iterator[pl.DataFrame]:
        """Give everything that waits for earlier records: a log that grows is not waited for."""
        yield from self._finish(self._order.flush())

    def _note_end(self, path: str, reader: LineReader, stream: ByteStream) -> None:
        """Note how a file ended."""
        self._counts["overlong_lines"] += reader.overlong
        ends = [(stream.damage, stream.damage), (reader.cut, "it ends within a line; its last record may be cut short")]
        for happened, what in ends:
            if happened and self._strict:
                raise MalformedRecord(f"{path}: {what}")
            if happened:
                self._warnings.append(f"{path}: {what}")

    def counts(self) -> dict[str, int]:
        """Give what became of every line so far."""
        own = {
            "records": 0,
            "flows": 0,
            "malformed_records": 0,
            "overlong_lines": 0,
            **self._counts,
            **self._parser.counts(),
        }
        return {**own, "late_records": self._order.late, "duplicate_records": self._order.duplicates}

    def warnings(self) -> list[str]:
        """Give what the user should know: a cut end, lines that are no records."""
        bad = [f"{self.name}: no record: {line}" for line in self._bad]
        return [*(f"{self.name}: {text}" for text in self._parser.warnings()), *self._warnings, *bad]

    def close(self) -> None:
        """Close the file."""
        self._parser.close()
        self._close_file()

    def _close_file(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
