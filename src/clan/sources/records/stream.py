"""One stream of flow records, however its lines come: parsed, checked, put in order and made into flow tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

import polars as pl

from clan.errors import MalformedRecord
from clan.sources.base import stream_name
from clan.sources.records.order import Reorder
from clan.sources.records.parsed import NAMED_LINES, BadLine, Parsed
from clan.sources.records.table import checked, flow_table

KEPT: Final[dict[str, pl.DataType]] = {"record": pl.String(), "record_header": pl.String()}
"""Columns of a table whose records are kept: the line as it was, and the header that explains it, if it needs one."""


class RecordParser(Protocol):
    """What is particular to a format."""

    kind: str
    """Kind of the source, as a model remembers it."""

    def parse(self, piece: bytes) -> Parsed:
        """Make rows of whole lines: the columns that `clan.sources.records.checked` asks for, always the same ones.

        `row` may be among them, where lines that cannot be are named by their number rather than by their uid.
        """

    def rest(self) -> Parsed | None:
        """Give the rows that waited for lines which have not come; None where there is none."""

    def enrich(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add what takes more than the line itself; rows come in order of (`ts_end`, `uid`)."""

    def header_in(self, head: bytes) -> bytes:
        """Give the lines at the top of a file that explain the others, for a reading that begins further down."""

    def counts(self) -> Mapping[str, int]:
        """Give what else became of what was read, by name."""

    def warnings(self) -> list[str]:
        """Give what the user should know."""

    def close(self) -> None:
        """Release what is open; safe to call twice."""


class RecordStream:
    """Makes flow tables of lines.

    Args:
        name: The stream, as the `source` column names it.
        parser: What is particular to the format.
        strict: Raise on the first line that is no record.
        keep_records: Keep the lines, in the columns `KEPT`; the parser gives them.
    """

    def __init__(self, name: str, parser: RecordParser, *, strict: bool = False, keep_records: bool = False) -> None:
        self.name, self.parser, self.kind = stream_name(name), parser, parser.kind
        self.settings: dict[str, Any] = {}
        self.groups: tuple[str, ...] = ("conn",)
        self._strict = strict
        self._extra = KEPT if keep_records else {}
        self._order = Reorder()
        self._counts: Counter[str] = Counter()
        self._warnings: list[str] = []
        self._bad: list[BadLine] = []

    def take(self, piece: bytes) -> Iterator[pl.DataFrame]:
        """Parse whole lines, and give the flows that may leave.

        Raises:
            MalformedRecord: A line is no record, and reading is strict.
        """
        yield from self._take(self.parser.parse(piece))

    def _take(self, parsed: Parsed) -> Iterator[pl.DataFrame]:
        good, odd = checked(parsed.frame)
        which = odd["row" if "row" in odd.columns else "uid"]
        parsed.refuse([BadLine(str(each), "address, time, port or count that cannot be") for each in which])
        self._counts.update(parsed.counts)
        self._bad += parsed.bad[: NAMED_LINES - len(self._bad)]
        if self._strict and self._bad:
            raise MalformedRecord(f"{self.name}: {self._bad[0]}")
        yield from self._tables(self._order.push(good))

    def release(self) -> Iterator[pl.DataFrame]:
        """Give everything that waits for earlier records, or for others of its flow."""
        rest = self.parser.rest()
        if rest is not None:
            yield from self._take(rest)
        yield from self._tables(self._order.flush())

    def finish(self) -> Iterator[pl.DataFrame]:
        """Give what is left at the end of a log that was followed."""
        return self.release()

    def begin(self, head: bytes) -> None:
        """Take the lines that explain the others from the top of a log that is read on from further down."""
        header = self.parser.header_in(head)
        if header:
            list(self.take(header))

    def _tables(self, rows: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        for part in rows:
            batch = flow_table(self.parser.enrich(part), source=self.name, extra=self._extra)
            self._counts["flows"] += batch.height
            yield batch

    def close(self) -> None:
        """Release what the parser has open; safe to call twice."""
        self.parser.close()

    def note(self, *, overlong: int = 0, warning: str | None = None) -> None:
        """Note what became of lines before they were parsed.

        Raises:
            MalformedRecord: There is a warning, and reading is strict.
        """
        self._counts["overlong_lines"] += overlong
        if warning and self._strict:
            raise MalformedRecord(warning)
        if warning:
            self._warnings.append(warning)

    def counts(self) -> dict[str, int]:
        """Give what became of every line so far."""
        none = dict.fromkeys(("records", "flows", "malformed_records", "overlong_lines"), 0)
        order = {"late_records": self._order.late, "duplicate_records": self._order.duplicates}
        return {**none, **self._counts, **self.parser.counts(), **order}

    def warnings(self) -> list[str]:
        """Give what the user should know: a cut end, lines that are no records."""
        bad = [f"{self.name}: no record: {line}" for line in self._bad]
        return [*(f"{self.name}: {text}" for text in self.parser.warnings()), *self._warnings, *bad]
