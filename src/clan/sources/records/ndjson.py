"""Lines of JSON to rows: all at once, and line by line only where one of them is bad."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from clan.sources.records.lines import lines_of
from clan.sources.records.parsed import BadLine, Parsed, salvage
from clan.sources.records.projection import projection_of

MOST_BRACKETS: Final = 10_000
"""Brackets that a line may open: a bound on what hostile text does to a recursive parser."""

Schema = Mapping[str, pl.DataType]


def parse_ndjson(piece: bytes, schema: Schema, *, others: Sequence[Schema] = (), keep: str | None = None) -> Parsed:
    """Read lines of JSON objects.

    Args:
        piece: Whole lines.
        schema: Columns to take, with their types; a key that a line lacks is null, other keys are passed over.
        others: Schemas of the same columns that a line may have instead (times as text, say).
        keep: Name of a column for the line itself.

    Returns:
        A row for each good line, in their order, and the bad lines.
    """
    if keep is None:
        try:
            return Parsed(_read(piece, schema))
        except pl.exceptions.PolarsError:
            pass
    objects, bad = [], []
    for line in lines_of(piece):
        why = _why_no_object(line)
        if why:
            bad.append(BadLine(line[:200].decode("utf-8", "replace"), why))
        else:
            objects.append(line)
    names = [] if keep is None else [keep]
    tables, refused = salvage(objects, lambda part: _read_any(part, (schema, *others), names)) if objects else ([], [])
    parsed = Parsed(pl.concat([pl.DataFrame(schema={**schema, **dict.fromkeys(names, pl.String())}), *tables]))
    parsed.refuse(bad + [BadLine(line[:200].decode("utf-8", "replace"), why) for line, why in refused])
    return parsed


def _read(piece: bytes, schema: Schema) -> pl.DataFrame:
    """Read whole lines: the keys of the schema alone where every line is plain, else all of them.

    Raises:
        PolarsError: A line is no JSON, or a value not of its column's type.
    """
    projection = projection_of(tuple(schema.items()))
    found = None if projection is None else projection.read(piece)
    if found is not None:
        return found
    return pl.read_ndjson(io.BytesIO(piece), schema=dict(schema))


def _read_any(lines: Sequence[bytes], schemas: Sequence[Schema], keep: Sequence[str]) -> pl.DataFrame:
    """Read with the first schema that fits, as the first one's types; keep the lines in a column, if one is named.

    Raises:
        PolarsError: None fits all lines.
        ValueError: A line is no UTF-8.
    """
    first: pl.exceptions.PolarsError | None = None
    for schema in schemas:
        try:
            table = _read(b"\n".join(lines), schema).cast(dict(schemas[0]))  # type: ignore[arg-type]
        except pl.exceptions.PolarsError as error:
            first = first or error
        else:
            return table.with_columns(pl.Series(name, [line.decode() for line in lines]) for name in keep)
    raise first or ValueError("no schema")


def _why_no_object(line: bytes) -> str | None:
    """Say why a line is no JSON object, None where it is one."""
    if line.count(b"{") + line.count(b"[") > MOST_BRACKETS:
        return "too many brackets"
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"no JSON ({error})"
    return None if isinstance(found, dict) else f"expected an object, found {type(found).__name__}"
