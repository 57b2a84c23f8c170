"""The keys of interest of many lines of JSON, by one compiled walk: an order of magnitude fewer values to make.

A line of a log has dozens of keys, of which a few are taken. The walk checks the grammar of every line (RFC 8259) and
reads the whole numbers among those few, and copies the rest into a table of text, which polars reads by its types. It
never decides what a line means: one that is out of the ordinary (an escape in a text that is taken, a key that comes
twice, a value of another type than expected, no object) is left to the general way, and where these are many, all are.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.sources.records.json_walk import (
    AGAIN,
    COUNT,
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
    new_scratch,
    project,
)

MOST_ODD: Final = 1 << 12
"""Lines out of the ordinary among those that are read at once."""

_NUMBERS: Final = (WHOLE, COUNT, TRUTH)
_KINDS: Final = (
    (pl.String(), TEXT),
    (pl.Boolean(), TRUTH),
    (pl.Int64(), WHOLE),
    (pl.UInt64(), COUNT),
    (pl.Float64(), REAL),
    (pl.List(pl.Int64()), WHOLES),
)


@dataclass(frozen=True, eq=False, slots=True)
class Projection:
    """Which keys are taken, as the walk has them.

    Attributes:
        schema: Columns and their types; structs are objects one level down.
        numbers: Name (such as `flow.pkts`) and type of each value that is a whole number or a truth value.
        texts: The same for the other values, with their types in the table of text.
        active: Which texts have come so far, shape `(n_texts,)`: the others are not written.
        keys: Bytes of all keys, one behind the other.
        table: int64 of shape `(n_keys, 6)`: where a key begins and ends in `keys`, its scope (0: the line itself), its
            kind, its place among the values or the scope that it opens, and the next key of the same hash (-1: none).
        first: First key of each hash, shape `(256,)`.
    """

    schema: Mapping[str, Any]
    numbers: Mapping[str, Any]
    texts: Mapping[str, Any]
    active: NDArray[np.bool_]
    keys: NDArray[np.uint8]
    table: NDArray[np.int64]
    first: NDArray[np.int64]
    _room: list[NDArray[np.uint8]] = field(default_factory=lambda: [np.empty(0, np.uint8)])

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> Self | None:
        """Prepare for a schema; None where it has a type that the walk cannot take."""
        values: list[tuple[str, Any, int]] = []
        rows: list[list[int]] = []
        text = bytearray()
        scopes = 0
        waiting = [(0, "", name, dtype) for name, dtype in schema.items()]
        while waiting:
            scope, before, name, dtype = waiting.pop(0)
            kind = _kind(dtype)
            if kind is None or (scope and kind == SCOPE):
                return None
            place = len(values)
            if kind == SCOPE:
                scopes += 1
                place = scopes
                waiting += [(scopes, f"{name}.", field.name, field.dtype) for field in dtype.fields]
            else:
                values.append((before + name, pl.String() if kind == WHOLES else dtype, kind))
            key = name.encode()
            rows.append([len(text), len(text) + len(key), scope, kind, place, -1])
            text += key
        numbers = {name: dtype for name, dtype, kind in values if kind in _NUMBERS}
        texts = {name: dtype for name, dtype, kind in values if kind not in _NUMBERS}
        places = {name: i for i, name in enumerate((*numbers, *texts))}
        for entry in rows:
            if entry[3] != SCOPE:
                entry[4] = places[values[entry[4]][0]]
        keys, table = np.frombuffer(bytes(text), np.uint8), np.array(rows, np.int64)
        first = np.full(PLACES, -1, np.int64)
        for i, (start, end, scope, *_) in enumerate(rows):
            at = hash_of(keys, start, end, scope)
            table[i, 5], first[at] = first[at], i
        active = np.arange(len(texts)) < 2  # a line of a single column is no line of a table where it is empty
        return cls(schema, numbers, texts, active, keys, table, first)

    def read(self, piece: bytes) -> tuple[pl.DataFrame, list[tuple[int, bytes]]] | None:
        r"""Read whole lines; None where the walk cannot answer for them.

        Returns:
            A row for each ordinary line, and the other lines, each with its place among all that are not empty.

        Example:
            >>> lines = b'{"a": {"b": 1}, "c": [2]}\n{"a": 7}'
            >>> rows, odd = Projection.of({"a": pl.Struct({"b": pl.Int64()})}).read(lines)
            >>> rows.to_dicts(), odd
            ([{'a': {'b': 1}}], [(1, b'{"a": 7}')])
        """
        data = np.frombuffer(piece, np.uint8)
        n_lines = int(np.count_nonzero(data == ord("\n"))) + 1  # a quarter of the time that bytes.count takes
        room = self._room_for(len(data) + n_lines * (len(self.texts) + 1))
        numbers = np.empty((len(self.numbers), n_lines), np.int64)
        present = np.empty((n_lines, len(self.numbers)), np.bool_)
        odd = np.empty((min(n_lines // 8 + 8, MOST_ODD), 3), np.int64)
        scratch = new_scratch(len(self.numbers) + len(self.texts))
        known, size = (self.keys, self.table, self.first), AGAIN
        while size == AGAIN:
            size, rows, n_odd = project(data, known, scratch, odd, (room, self.active, numbers, present))
        if size == ODD or not (piece.isascii() or _is_utf8(piece)):
            return None
        texts = self._texts(room[:size], rows)
        if texts is None:
            return None
        present = present[:rows]
        columns = [
            _column(name, dtype, numbers[i, :rows], present[:, i])
            for i, (name, dtype) in enumerate(self.numbers.items())
        ]
        values = pl.DataFrame([*columns, *texts])
        left = [(int(place), piece[start:end].rstrip(b"\r")) for start, end, place in odd[:n_odd]]
        return values.select(_assembled(name, dtype) for name, dtype in self.schema.items()), left

    def _texts(self, table: NDArray[np.uint8], rows: int) -> list[pl.Series] | None:
        """Read the table of text; None where polars cannot."""
        active = {name: dtype for i, (name, dtype) in enumerate(self.texts.items()) if self.active[i]}
        found = pl.DataFrame(schema=active)
        if active and rows:
            try:
                found = pl.read_csv(
                    io.BytesIO(table.data), has_header=False, schema=active, separator=chr(SEPARATOR), quote_char=None
                )
            except pl.exceptions.PolarsError:  # a number that is too large, say
                return None
            if found.height != rows:
                return None
        return [found[name] if name in active else _none(name, dtype, rows) for name, dtype in self.texts.items()]

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
    if isinstance(dtype, pl.Struct):
        return SCOPE
    return next((kind for known, kind in _KINDS if dtype == known), None)


def _none(name: str, dtype: Any, n: int) -> pl.Series:
    """Make a column of nulls."""
    return pl.Series(name, [None], dtype=dtype).new_from_index(0, n)


def _column(name: str, dtype: Any, values: NDArray[np.int64], present: NDArray[np.bool_]) -> pl.Series:
    """Make a column of numbers, null where a line has none."""
    if not present.any():
        return _none(name, dtype, len(values))
    kinds: dict[Any, Any] = {pl.Boolean(): values.astype(np.bool_), pl.UInt64(): values.view(np.uint64)}
    column = pl.Series(name, kinds.get(dtype, values))
    return column if present.all() else column.set(pl.Series(~present), None)


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
