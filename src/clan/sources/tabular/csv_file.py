"""CSV files as people really have them.

Repaired, because each of these is in a data set that many use: a byte order mark; blanks around header names and
values; the same name twice in the header; the header again in the middle; lines of nothing but commas; bytes that are
no UTF-8; `Infinity` and `NaN` (which stay what they are). What cannot be repaired is an error that names file, column
and value.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence

import polars as pl
import polars.selectors as cs

from clan.errors import SchemaError

_BOM = b"\xef\xbb\xbf"
_EMPTY = ("", "-", "nan", "null", "none", "na")
"""Values of a number column, in small letters, that mean that there is no value."""


def read_csv(data: bytes, name: str, *, text: Collection[str], header: Sequence[str] | None = None) -> pl.DataFrame:
    """Read a CSV table.

    Args:
        data: The file.
        name: What messages call it.
        text: Columns that are text, in any case of letters; all others are numbers.
        header: Names of the columns where the file has none.

    Returns:
        Text columns as String, trimmed, null where empty; the others as float64 with gaps null. A name that comes a
        second time gets `.1` behind it, and is dropped where it repeats the first column's values.

    Raises:
        SchemaError: Not a table, or text in a number column.
    """
    data = data.removeprefix(_BOM)
    names, body = (list(header), data) if header else _split_header(data, name)
    lower = {column.lower() for column in text}
    schema: dict[str, pl.DataType] = {n: pl.String() if n.lower() in lower else pl.Float64() for n in names}
    try:
        frame = _parse(body, schema)
    except pl.exceptions.PolarsError:
        frame = _parse_patiently(body, schema, name)
    frame = frame.with_columns(cs.string().str.strip_chars().replace("", None))
    frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
    twice = [n for n in frame.columns if n.endswith(".1") and n[:-2] in schema]
    return frame.drop(n for n in twice if frame[n].equals(frame[n[:-2]], check_names=False, null_equal=True))


def expect(frame: pl.DataFrame, columns: Sequence[str], name: str) -> None:
    """Raise unless a table has these columns.

    Raises:
        SchemaError: Some are missing; the message names them.
    """
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise SchemaError(f"{name} lacks the columns {', '.join(missing)}; is it another data set?")


def values_of(line: str, separator: str = ",") -> list[str]:
    """Split a line into its values; none where it is no line of CSV, for instance with a carriage return inside."""
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def header_of(data: bytes, separator: str = ",") -> list[str]:
    """Read the names in the first line, trimmed; a name that comes again gets `.1`, `.2` behind it."""
    line = data.removeprefix(_BOM).split(b"\n", 1)[0].decode("utf-8", errors="replace").rstrip("\r")
    names: list[str] = []
    seen: dict[str, int] = {}
    for name in (field.strip() for field in values_of(line, separator)):
        count = seen.get(name, 0)
        seen[name] = count + 1
        names.append(f"{name}.{count}" if count else name)
    return names


def _split_header(data: bytes, name: str) -> tuple[list[str], bytes]:
    names = header_of(data)
    if len(names) < 2 or len(set(names)) < len(names):
        raise SchemaError(f"{name} is not a CSV table: its first line is {data[:80].decode('utf-8', 'replace')!r}")
    return names, data.partition(b"\n")[2]


def _parse(body: bytes, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """Parse numbers as numbers at once: fast, and refused by polars where a value is none."""
    if not body.strip():
        return pl.DataFrame(schema=schema)
    return pl.read_csv(io.BytesIO(body), has_header=False, schema=schema, encoding="utf8-lossy")


def _parse_patiently(body: bytes, schema: dict[str, pl.DataType], name: str) -> pl.DataFrame:
    """Parse everything as text first, and drop repeated headers, before numbers are made."""
    try:
        frame = _parse(body, dict.fromkeys(schema, pl.String()))
    except pl.exceptions.PolarsError as error:
        raise SchemaError(f"{name} is not a CSV table: {str(error).splitlines()[0]}") from error
    first = frame.columns[0]
    frame = frame.with_columns(pl.all().str.strip_chars()).filter(pl.col(first).ne_missing(first))
    numbers = [column for column, dtype in schema.items() if dtype == pl.Float64()]
    missing = pl.col(numbers).str.to_lowercase().is_in(_EMPTY)
    frame = frame.with_columns(pl.when(~missing).then(pl.col(numbers)).name.keep())
    made = frame.with_columns(pl.col(numbers).cast(pl.Float64, strict=False))
    for column in numbers:
        wrong = frame[column].filter(made[column].is_null() & frame[column].is_not_null())
        if len(wrong):
            raise SchemaError(
                f"{name} has {wrong[0]!r} in the column {column!r}, where a number is expected "
                f"({len(wrong):,} such rows); is it another data set?"
            )
    return made
