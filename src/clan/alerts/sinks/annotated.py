"""The records of a source, written through with score, p-value and verdict added; nothing is alerted on."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import IO, Final, Self

import polars as pl

from clan.alerts.json_line import LARGEST
from clan.errors import SinkError
from clan.files import open_lines

ADDED: Final = (("clan_score", "double"), ("clan_p_value", "double"), ("clan_verdict", "string"))
"""Columns that a Zeek log in TSV gets at its end, with Zeek's types; JSON gets an object `clan` of the same."""


class AnnotatedLog:
    """Writes records on as they were, with what the model says of them.

    Args:
        path: The file, or `-` for standard output.
        append: Whether a file that is there is continued rather than replaced.

    Raises:
        SinkError: The file cannot be opened.
    """

    def __init__(self, path: str, *, append: bool = False) -> None:
        self.path = path
        self._header: str | None = None
        try:
            self._out: IO[bytes] | None = sys.stdout.buffer if path == "-" else open_lines(path, append=append)
        except OSError as error:
            raise SinkError(f"records cannot be written to {path}: {error.strerror or error}") from error

    def write(self, scored: pl.DataFrame) -> None:
        """Write records.

        Args:
            scored: Columns `record` and `record_header` (null for JSON), `anomaly_score`, `p_value` and `alert`.

        Raises:
            SinkError: The write failed, or the log is closed.
        """
        runs = scored.with_columns(run=pl.col("record_header").rle_id())
        for part in runs.partition_by("run", maintain_order=True):
            header = part["record_header"][0]
            if header is not None and header != self._header:
                self._put(_with_columns(header))
            self._header = header
            lines = part.select(_json_line() if header is None else _text_line(_separator(header))).to_series()
            self._put("\n".join(lines))

    def _put(self, text: str) -> None:
        if self._out is None:
            raise SinkError(f"records cannot be written to {self.path}: it is closed")
        try:
            self._out.write(text.encode() + b"\n")
            self._out.flush()  # whoever follows a run that goes on wants records when they come
        except BrokenPipeError:
            raise
        except OSError as error:
            raise SinkError(f"records cannot be written to {self.path}: {error.strerror or error}") from error

    def close(self) -> None:
        """Close the file; safe to call twice."""
        if self._out is not None and self.path != "-":
            self._out.close()
        self._out = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_VERDICT = pl.when(pl.col("alert")).then(pl.lit("anomalous")).otherwise(pl.lit("normal"))
_NUMBERS = [pl.col(name).cast(pl.Float64) for name in ("anomaly_score", "p_value")]


def _json_line() -> pl.Expr:
    """Add an object to an object: in front of its last brace, and leave the rest byte for byte."""
    record = pl.col("record").str.strip_chars_end().str.strip_suffix("}")
    comma = pl.when(record.str.strip_chars() == "{").then(pl.lit("")).otherwise(pl.lit(","))
    score, p_value = (
        number.clip(-LARGEST, LARGEST).fill_nan(None).cast(pl.String).fill_null("null") for number in _NUMBERS
    )
    return pl.concat_str(
        record, comma, pl.lit('"clan":{"score":'), score, pl.lit(',"p_value":'), p_value, pl.lit(',"verdict":"'),
        _VERDICT, pl.lit('"}}'),
    )  # fmt: skip


def _text_line(separator: str) -> pl.Expr:
    return pl.concat_str(
        pl.col("record"), *(number.cast(pl.String) for number in _NUMBERS), _VERDICT, separator=separator
    )


def _separator(header: str) -> str:
    """Read the separator of a Zeek header, a tab where it does not say."""
    first = header.partition("\n")[0]
    code = first.removeprefix("#separator").strip() if first.startswith("#separator") else ""
    return chr(int(code[2:], 16)) if code.startswith("\\x") else code or "\t"


def _with_columns(header: str) -> str:
    """Name the added columns in the lines that name the others."""
    separator, lines = _separator(header), []
    for line in header.split("\n"):
        more = {"#fields": [name for name, _ in ADDED], "#types": [kind for _, kind in ADDED]}
        lines.append(separator.join([line, *more.get(line.split(separator)[0], [])]))
    return "\n".join(lines)
