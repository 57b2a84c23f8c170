"""Lines of JSON to rows: all at once, and line by line only where one of them is bad."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import numpy as np
import polars as pl

from clan.sources.records.lines import lines_of
from clan.sources.records.parsed import BadLine, Parsed, salvage
from clan.sources.records.projection import projection_of

MOST_BRACKETS: Final = 10_000
"""Brackets that a line may open: a bound on what hostile text does to a recursive parser."""

Schema = Mapping[str, pl.DataType]


def parse_ndjson(piece: bytes, schema: Schema, *, keep: str | None = None) -> Parsed:
    """Read lines of JSON objects.

    Args:
        piece: Whole lines.
        schema: Columns to take, with their types; a key that a line lacks is null, other keys are passed over.
        keep: Name of a column for the line itself.

    Returns:
        A row for each good line, in their order, and the bad lines.
    """
    if keep is None:
        projection = projection_of(tuple(schema.items()))
        found = None if projection is None else projection.read(piece)
        if found is not None:
            table, odd = found
            return _with_odd(table, odd, schema) if odd else Parsed(table)
        with suppress(pl.exceptions.PolarsError):
            return Parsed(_read(piece, schema))
    parsed, _ = _each(lines_of(piece), schema, [] if keep is None else [keep])
    return parsed


def _with_odd(table: pl.DataFrame, odd: Sequence[tuple[int, bytes]], schema: Schema) -> Parsed:
    """Read the lines that are out of the ordinary, and put them where they stood among the others.

    Args:
        table: The other lines.
        odd: Lines, each with its place among all.
        schema: Columns, with their types.
    """
    parsed, good = _each([line for _, line in odd], schema, [])
    places = np.array([place for place, _ in odd])
    among = np.setdiff1d(np.arange(table.height + len(odd)), places)
    order = np.argsort(np.concatenate([among, places[good]]))
    parsed.frame = pl.concat([table, parsed.frame])[order]
    return parsed


def _each(lines: Sequence[bytes], schema: Schema, keep: Sequence[str]) -> tuple[Parsed, list[int]]:
    """Read lines of which some may be bad, and keep the lines in a column, if one is named.

    Returns:
        What came of them, and the places of the good ones.
    """
    why_bad = [_why_no_object(line) for line in lines]
    objects = [i for i, why in enumerate(why_bad) if why is None]

    def read(part: Sequence[int]) -> pl.DataFrame:
        some = [lines[i] for i in part]
        columns = [pl.Series(name, [line.decode() for line in some], dtype=pl.String()) for name in keep]
        return _read(b"\n".join(some), schema).with_columns(columns)

    tables, refused = salvage(objects, read) if objects else ([], [])
    empty = pl.DataFrame(schema={**schema, **dict.fromkeys(keep, pl.String())})
    parsed = Parsed(pl.concat([empty, *tables]))
    bad = [(i, why) for i, why in enumerate(why_bad) if why is not None] + refused
    parsed.refuse([BadLine(lines[i][:200].decode("utf-8", "replace"), why) for i, why in bad])
    return parsed, np.setdiff1d(np.arange(len(lines)), [i for i, _ in bad]).tolist()


def _read(piece: bytes, schema: Schema) -> pl.DataFrame:
    """Read whole lines in the general way.

    Raises:
        PolarsError: A line is no JSON, or a value not of its column's type.
    """
    return pl.read_ndjson(io.BytesIO(piece), schema=dict(schema))


def first_object(head: bytes) -> dict[str, Any]:
    r"""Read the first line as a JSON object; empty where it is none.

    Example:
        >>> first_object(b'{"a": 1}\n{"a":'), first_object(b"[1]")
        ({'a': 1}, {})
    """
    line = head.strip().split(b"\n", 1)[0]
    if _why_no_object(line) is not None:
        return {}
    found: dict[str, Any] = json.loads(line)
    return found


def _why_no_object(line: bytes) -> str | None:
    """Say why a line is no JSON object, None where it is one."""
    if line.count(b"{") + line.count(b"[") > MOST_BRACKETS:
        return "too many brackets"
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"no JSON ({error})"
    return None if isinstance(found, dict) else f"expected an object, found {type(found).__name__}"
