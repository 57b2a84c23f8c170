"""Lines of any Zeek log, TSV or JSON, to columns by their names."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl

from clan.errors import UnsupportedFormat
from clan.flows import read_times
from clan.sources.records import KEPT, BadLine, Parsed, lines_of, parse_ndjson, salvage
from clan.sources.zeek.header import Header

MAX_HEADER_LINES: Final = 64


class ZeekLog:
    """Parses one log: columns by name, null where a line does not set them.

    Args:
        path: Which log it is, such as ``conn``; lines of JSON that say that they are of another are counted.
        fields: Columns to take, with their types. Times (`ts`) are Float64 here, and may be ISO 8601 in the log.
        keep_records: Keep each line and its header, in the columns `KEPT`.
    """

    def __init__(self, path: str, fields: Mapping[str, Any], *, keep_records: bool = False) -> None:
        self.path, self.fields = path, dict(fields)
        self._kept = KEPT if keep_records else {}
        self._header: Header | None = None
        self._waiting: list[str] = []  # lines of a header that is not complete

    def parse(self, piece: bytes) -> list[tuple[Parsed, frozenset[str] | None]]:
        """Make rows of whole lines.

        Returns:
            For each run of lines below the same header the rows, and the fields that the log has by its header, None
            for JSON, which names only what is set.

        Raises:
            UnsupportedFormat: A header of another log, or one that cannot be read.
        """
        return [self._parse(run) for run in self._runs(piece)]

    def empty(self) -> pl.DataFrame:
        """Make the table of no lines."""
        return pl.DataFrame(schema={**self.fields, **self._kept})

    def _runs(self, piece: bytes) -> Iterator[bytes]:
        """Split a piece where the header changes; header lines are taken in, and are in no run."""
        records: list[bytes] = []
        for block in _blocks(piece):
            if not block.startswith(b"#"):
                records.append(block)
                continue
            header = self._with_header(lines_of(block))
            if header != self._header and records:
                yield b"".join(records)
                records = []
            self._header = header
        if records:
            yield b"".join(records)

    def _with_header(self, lines: Sequence[bytes]) -> Header | None:
        """Read a header, or the one that comes again after a rotation; `#close` and remarks change nothing."""
        texts = [line.decode("utf-8", "replace") for line in lines[:MAX_HEADER_LINES]]
        self._waiting += [text for text in texts if not text.startswith("#close")]
        if not any(text.startswith("#fields") for text in self._waiting):
            self._waiting = self._waiting[-MAX_HEADER_LINES:]
            return self._header
        header, self._waiting = Header.of(self._waiting), []
        if header.path not in ("", self.path):
            raise UnsupportedFormat(f"a Zeek {header.path}.log where a {self.path}.log was expected")
        return header

    def _parse(self, run: bytes) -> tuple[Parsed, frozenset[str] | None]:
        """Parse lines below one header."""
        is_json = run.lstrip()[:1] == b"{"
        parsed = self._parse_json(run) if is_json else self._parse_text(run)
        parsed.counts["records"] += parsed.frame.height + parsed.counts["malformed_records"]
        if is_json and parsed.frame["_path"].null_count() < parsed.frame.height:
            ours = (pl.col("_path") == self.path).fill_null(value=True)
            n_before, parsed.frame = parsed.frame.height, parsed.frame.filter(ours)
            parsed.counts["records_of_other_types"] += n_before - parsed.frame.height
        parsed.frame = parsed.frame.select(*self.fields, *self._kept)
        names = None if is_json or self._header is None else frozenset(self._header.names)
        return parsed, names

    def _parse_json(self, run: bytes) -> Parsed:
        numbers = {**self.fields, "_path": pl.String()}
        texts = {**numbers, "ts": pl.String()}
        first = run[:4096].split(b"\n", 1)[0].replace(b" ", b"")
        iso = b'"ts":"' in first
        keep = "record" if self._kept else None
        parsed = parse_ndjson(run, texts if iso else numbers, keep=keep)
        if iso:
            parsed.frame = parsed.frame.with_columns(_seconds(parsed.frame["ts"]))
        if self._kept:
            parsed.frame = parsed.frame.with_columns(record_header=pl.lit(None, pl.String()))
        return parsed

    def _parse_text(self, run: bytes) -> Parsed:
        """Parse columns: all lines at once, or line by line where one is bad."""
        header = self._header
        if header is None:
            raise UnsupportedFormat(f"a Zeek {self.path}.log without a header: its #fields line names the columns")
        if not self._kept and _is_regular(run, header):
            try:
                return Parsed(self._read(run, header))
            except (pl.exceptions.PolarsError, ValueError):
                pass
        lines, bad = [], []
        for line in lines_of(run):
            found = line.count(header.separator.encode()) + 1
            if found == len(header.fields):
                lines.append(line)
            else:
                why = f"{found} columns where the header has {len(header.fields)}"
                bad.append(BadLine(line[:200].decode("utf-8", "replace"), why))
        tables, refused = salvage(lines, lambda part: self._read_lines(part, header)) if lines else ([], [])
        parsed = Parsed(pl.concat([self.empty(), *tables]))
        parsed.refuse(bad + [BadLine(line[:200].decode("utf-8", "replace"), why) for line, why in refused])
        return parsed

    def _read(self, run: bytes, header: Header) -> pl.DataFrame:
        """Read lines that all have the header's columns.

        Raises:
            PolarsError: A value is not of its column's type, or text is no UTF-8.
        """
        wanted = [i for i, name in enumerate(header.fields) if name in self.fields or header.crowded == name]
        iso = _times_are_text(run, header)
        types = {name: _as_text_has_it(self.fields.get(name, pl.String())) for name in header.fields}
        table = pl.read_csv(
            io.BytesIO(run),
            has_header=False,
            schema={**types, "ts": pl.String()} if iso else types,
            columns=wanted,
            separator=header.separator,
            quote_char=None,
            null_values=[header.unset, header.empty],
        )
        if iso:
            table = table.with_columns(_seconds(table["ts"]))
        if header.crowded is not None:
            table = table.with_columns(
                pl.col(header.crowded)
                .str.extract(rf"^\s*(?:\S+\s+){{{i}}}(\S+)")
                .replace([header.unset, header.empty], None)
                .alias(name)
                for i, name in enumerate(header.crowd)
            )
        table = table.with_columns(_as_json_has_it(n, t) for n, t in self.fields.items() if n in table.columns)
        missing = [pl.lit(None, dtype).alias(name) for name, dtype in self.fields.items() if name not in table.columns]
        return table.with_columns(missing).select(*self.fields)

    def _read_lines(self, lines: Sequence[bytes], header: Header) -> pl.DataFrame:
        """Read single lines, and keep them if asked.

        Raises:
            PolarsError, ValueError: One is bad.
        """
        table = self._read(b"\n".join(lines), header)
        if table.height != len(lines):
            raise ValueError("not one record a line")
        if not self._kept:
            return table
        texts = pl.Series([line.decode() for line in lines])
        return table.with_columns(record=texts, record_header=pl.lit("\n".join(header.lines)))


def leading_header(head: bytes) -> bytes:
    """Give the lines that begin with `#` at the top of a log."""
    first = next(_blocks(head), b"")
    return first if first.startswith(b"#") else b""


def _blocks(piece: bytes) -> Iterator[bytes]:
    """Split a piece into runs of lines that begin with `#`, and of lines that do not."""
    if piece and b"#" not in piece:  # much faster than looking for two characters
        yield piece
        return
    at = 0
    while at < len(piece):
        if piece[at : at + 1] == b"#":
            end = at
            while piece[end : end + 1] == b"#":
                newline = piece.find(b"\n", end)
                end = len(piece) if newline < 0 else newline + 1
        else:
            found = piece.find(b"\n#", at)
            end = len(piece) if found < 0 else found + 1
        yield piece[at:end]
        at = end


def _is_regular(run: bytes, header: Header) -> bool:
    """Tell whether lines have the header's number of columns, as far as their separators together can tell."""
    text = np.frombuffer(run, np.uint8)
    n_lines = int(np.count_nonzero(text == ord("\n"))) + (not run.endswith(b"\n"))
    return int(np.count_nonzero(text == ord(header.separator))) == n_lines * (len(header.fields) - 1)


def _as_text_has_it(dtype: pl.DataType) -> pl.DataType:
    """Give the type by which a column of a TSV log is read."""
    return pl.String() if dtype.is_nested() or dtype == pl.Boolean() else dtype


def _as_json_has_it(name: str, dtype: pl.DataType) -> pl.Expr:
    """Turn T and F, and lists with commas, into what a log in JSON has."""
    if dtype == pl.Boolean():
        return pl.col(name) == "T"
    return pl.col(name).str.split(",") if dtype.is_nested() else pl.col(name)


def _times_are_text(run: bytes, header: Header) -> bool:
    """Look at the first line whether times are ISO 8601."""
    if "ts" not in header.fields:
        return False
    values = run[:4096].split(b"\n", 1)[0].split(header.separator.encode())
    at = header.fields.index("ts")
    return at < len(values) and b":" in values[at]


def _seconds(texts: pl.Series) -> pl.Series:
    """Read times as seconds since 1970."""
    return (read_times(texts) / 1e6).alias(texts.name)
