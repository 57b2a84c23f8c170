"""Lines of a CSV file as a table: fast where they are clean, patient where they are not, and every line accounted for.

The fast way reads numbers as numbers. A block that it refuses is read again as text, value by value; and one that even
this cannot, line by line: one bad line costs one line.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from clan.errors import MalformedRecord
from clan.sources.tabular.csv_file import values_of

EMPTY: Final = ("", "-", "nan", "null", "none", "na", "n/a", "<none>", "(empty)")
"""Values of a number column, in small letters, that mean that there is no value."""
_NULLS: Final = ["", "-", "NaN", "nan", "null", "NULL", "None", "NA"]


@dataclass(slots=True)
class RowReader:
    """Reads lines of the same columns.

    Attributes:
        names: The columns, in the order of the file.
        text: Those that are text; the others are numbers.
        separator: What stands between values.
        strict: Raise at the first line that is not as it should be.
        source: What messages call the file.
        counts: What became of every line.
    """

    names: Sequence[str]
    text: frozenset[str]
    separator: str
    source: str
    strict: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def read(self, block: bytes) -> pl.DataFrame:
        """Read whole lines, the last perhaps without its end; gives text as String, numbers as Float64."""
        if not block:
            return pl.DataFrame(schema=self._schema())
        block = block if block.endswith(b"\n") else block + b"\n"
        lines = block.count(b"\n")
        self.counts["records"] += lines
        frame, no_rows = self._fast(block, lines), 0
        if frame is None:
            frame, no_rows = self._patient(block)
            self.counts["records"] -= no_rows
        lost = lines - no_rows - frame.height
        if lost > 0:
            self._note("malformed_records", lost, "a line that is no row of its columns")
        return frame

    def _schema(self) -> dict[str, pl.DataType]:
        return {name: pl.String() if name in self.text else pl.Float64() for name in self.names}

    def _fast(self, block: bytes, lines: int) -> pl.DataFrame | None:
        """Read numbers at once; None where a line is not as it should be."""
        try:
            frame = _parse(block, self._schema(), self.separator)
        except pl.exceptions.PolarsError:
            return None
        # A line that is too short has no last value; one with a quote in the middle swallows others.
        short = frame.height != lines or (frame.height and frame[frame.columns[-1]].null_count())
        return None if short and not self._all_whole(block, lines) else frame

    def _all_whole(self, block: bytes, lines: int) -> bool:
        """Whether every line has as many values as there are columns."""
        if b'"' in block:
            return False
        data = np.frombuffer(block, np.uint8)
        ends = np.flatnonzero(data == 10)
        marks = np.flatnonzero(data == ord(self.separator))
        n = np.diff(np.searchsorted(marks, ends), prepend=0)
        return bool((n == len(self.names) - 1).all()) and len(ends) == lines

    def _patient(self, block: bytes) -> tuple[pl.DataFrame, int]:
        """Read line by line as text, drop what is no row, and make numbers value by value.

        Gives the rows, and how many lines were never meant to be one: empty ones, and the header once more.
        """
        text = block.decode("utf-8", errors="replace")
        header = [name.lower() for name in self.names]
        rows, repeated, empty = [], 0, -1  # behind the last line's end there is none
        for line in text.split("\n"):  # a quote never reaches into another line
            if not line.strip("\r"):
                empty += 1
                continue
            values = values_of(line.rstrip("\r"), self.separator)
            if len(values) != len(header):
                continue
            if [value.strip().lower() for value in values] == header:
                repeated += 1
                continue
            rows.append(values)
        self.counts["repeated_headers"] += repeated
        self.counts["empty_lines"] += empty
        columns = list(zip(*rows, strict=True)) if rows else [() for _ in header]
        frame = pl.DataFrame(
            {name: pl.Series(values, dtype=pl.String) for name, values in zip(self.names, columns, strict=True)}
        )
        return self._numbers(frame.with_columns(pl.all().str.strip_chars())), repeated + empty

    def _numbers(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Make numbers of text; a value that is none is null and counted."""
        numbers = [name for name in self.names if name not in self.text]
        missing = pl.col(numbers).str.to_lowercase().is_in(EMPTY)
        frame = frame.with_columns(pl.when(~missing).then(pl.col(numbers)).name.keep())
        made = frame.with_columns(pl.col(numbers).cast(pl.Float64, strict=False))
        bad = {n: made[n].null_count() - frame[n].null_count() for n in numbers}
        total = sum(bad.values())
        if total:
            name = next(name for name, n in bad.items() if n)
            value = frame[name].filter(made[name].is_null() & frame[name].is_not_null())[0]
            self._note("unreadable_values", total, f"{value[:60]!r} in the column {name!r}, where a number is expected")
        return made.with_columns(pl.col([n for n in self.names if n in self.text]).replace("", None))

    def _note(self, counter: str, n: int, what: str) -> None:
        if self.strict:
            raise MalformedRecord(f"{self.source}: {what} (among its first {self.counts['records']:,} lines)")
        self.counts[counter] += n


def _parse(block: bytes, schema: Mapping[str, pl.DataType], separator: str) -> pl.DataFrame:
    return pl.read_csv(
        io.BytesIO(block),
        has_header=False,
        schema=schema,
        separator=separator,
        encoding="utf8-lossy",
        null_values=_NULLS,
    )
