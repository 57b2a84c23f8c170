"""The keys of interest of many lines of JSON, by one compiled walk: an order of magnitude fewer values to make.

A line of a log has dozens of keys, of which a few are taken. The walk checks the grammar of every line (RFC 8259) and
copies the values of those few into a table of text, which polars reads by its types. It never decides what a line
means: whatever is out of the ordinary (an escape in a text that is taken, a key that comes twice, a value of another
type than expected, a line that is no object) ends the walk, and the lines are read in the general way.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.sources.records.json_walk import (
    MOST_DEPTH,
    ODD,
    PLACES,
    REAL,
    SCOPE,
    SEPARATOR,
    TEXT,
    TRUTH,
    WHOLE,
    WHOLES,
    hash_of,
    project,
)


@dataclass(frozen=True, eq=False, slots=True)
class Projection:
    """Which keys are taken, as the walk has them.

    Attributes:
        schema: Columns and their types; structs are objects one level down.
        names: The name of each value, as the table of text has it (`flow.start`).
        types: Their types there.
        keys: Bytes of all keys, one behind the other.
        table: int64 of shape `(n_keys, 6)`: where a key begins and ends in `keys`, its scope (0: the line itself), its
            kind, its place among the values or the scope that it opens, and the next key of the same hash (-1: none).
        first: First key of each hash, shape `(256,)`.
    """

    schema: Mapping[str, Any]
    names: tuple[str, ...]
    types: tuple[Any, ...]
    keys: NDArray[np.uint8]
    table: NDArray[np.int64]
    first: NDArray[np.int64]
    _room: list[NDArray[np.uint8]] = field(default_factory=lambda: [np.empty(0, np.uint8)])

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> Self | None:
        """Prepare for a schema; None where it has a type that the walk cannot take."""
        names: list[str] = []
        types: list[Any] = []
        rows: list[list[int]] = []
        text = bytearray()
        scopes = 0
        waiting = [(0, "", name, dtype) for name, dtype in schema.items()]
        while waiting:
            scope, before, name, dtype = waiting.pop(0)
            kind = _kind(dtype)
            if kind is None or (scope and kind == SCOPE):
                return None
            place = len(names)
            if kind == SCOPE:
                scopes += 1
                place = scopes
                waiting += [(scopes, f"{name}.", field.name, field.dtype) for field in dtype.fields]
            else:
                names.append(before + name)
                types.append(pl.String() if kind == WHOLES else dtype)
            key = name.encode()
            rows.append([len(text), len(text) + len(key), scope, kind, place, -1])
            text += key
        keys, table = np.frombuffer(bytes(text), np.uint8), np.array(rows, np.int64)
        first = np.full(PLACES, -1, np.int64)
        for i, (start, end, scope, *_) in enumerate(rows):
            at = hash_of(keys, start, end, scope)
            table[i, 5], first[at] = first[at], i
        return cls(schema, tuple(names), tuple(types), keys, table, first)

    def read(self, piece: bytes) -> pl.DataFrame | None:
        """Read whole lines; None where the walk cannot answer for them.

        Example:
            >>> lines = b'{"a": {"b": 1}, "c": [2]}'
            >>> Projection.of({"a": pl.Struct({"b": pl.Int64()})}).read(lines).to_dicts()
            [{'a': {'b': 1}}]
        """
        data = np.frombuffer(piece, np.uint8)
        spans = np.zeros((len(self.names), 2), np.int64)
        out = self._room_for(len(data) + (piece.count(b"\n") + 1) * (len(self.names) + 1))
        scopes = np.zeros(MOST_DEPTH, np.int64)
        size, rows = project(data, (self.keys, self.table, self.first), spans, scopes, out)
        if size == ODD or not (piece.isascii() or _is_utf8(piece)):
            return None
        if rows == 0:
            return pl.DataFrame(schema=dict(self.schema))
        try:
            values = pl.read_csv(
                io.BytesIO(out[:size].data),
                has_header=False,
                schema=dict(zip(self.names, self.types, strict=True)),
                separator=chr(SEPARATOR),
                quote_char=None,
            )
        except pl.exceptions.PolarsError:  # a number that is too large, say
            return None
        if values.height != rows:
            return None
        return values.select(_assembled(name, dtype) for name, dtype in self.schema.items())

    def _room_for(self, size: int) -> NDArray[np.uint8]:
        """Give the bytes to write into, those of the last time where they are enough: fresh ones cost as much again."""
        if len(self._room[0]) < size:
            self._room[0] = np.empty(size, np.uint8)
        return self._room[0]


@lru_cache(maxsize=32)
def projection_of(schema: tuple[tuple[str, Any], ...]) -> Projection | None:
    """Prepare for a schema, given as its items, once."""
    return Projection.of(dict(schema))


def _kind(dtype: Any) -> int | None:
    """Give the kind of a type; None where there is none for it."""
    if dtype == pl.String():
        return TEXT
    if dtype == pl.Boolean():
        return TRUTH
    if dtype in (pl.Int64(), pl.UInt64()):
        return WHOLE
    if dtype == pl.Float64():
        return REAL
    if dtype == pl.List(pl.Int64()):
        return WHOLES
    return SCOPE if isinstance(dtype, pl.Struct) else None


def _assembled(name: str, dtype: Any) -> pl.Expr:
    """Make a column of the schema from the columns of the table of text."""
    if isinstance(dtype, pl.Struct):
        return pl.struct(pl.col(f"{name}.{field.name}").alias(field.name) for field in dtype.fields).alias(name)
    return pl.col(name).str.split(",").cast(dtype) if dtype.is_nested() else pl.col(name)


def _is_utf8(piece: bytes) -> bool:
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True
