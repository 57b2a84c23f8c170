"""The compiled walk over lines of JSON that `clan.sources.records.projection` is made of."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows import Int, kernel
from clan.sources.records.json_tokens import behind_space, end_of_number, end_of_text, end_of_wholes, end_of_word

TEXT, WHOLE, REAL, TRUTH, WHOLES, SCOPE = range(6)
"""Kinds of values: text, numbers without and with a fraction, truth values, lists of numbers, objects."""
SEPARATOR: Final = 0x1F  # JSON does not allow it within a text
MOST_DEPTH: Final = 64
PLACES: Final = 256
ODD: Final = -1
"""What the walk gives where a line is out of the ordinary."""
_LIST, _NO_INTEREST = -2, -1
"""Scopes of lists, and of objects of whose keys none is taken."""
_NULL: Final = -2


@kernel
def project(data: Any, known: Any, spans: Any, scopes: Any, out: Any) -> Any:
    """Copy the values of interest of each line; gives the bytes written (`ODD`: cannot answer) and the lines.

    Args:
        data: uint8, whole lines.
        known: `keys`, `table` and `first` of a `Projection`.
        spans: int64 of shape `(n_values, 2)`, to work in: where each value begins and ends.
        scopes: int64 of shape `(64,)`, to work in: the scope of each level that is open.
        out: uint8, room for the values and what stands between them.
    """
    at, used, rows = np.int64(0), np.int64(0), np.int64(0)
    while True:
        while at < data.size and data[at] == 10:
            at += 1
        at = behind_space(data, at)
        if at == data.size:
            return used, rows
        if data[at] == 10:
            continue
        if data[at] != 123:
            return np.int64(ODD), rows
        for i in range(spans.shape[0]):
            spans[i, 0] = -1
        at = walk_line(data, at + 1, known, spans, scopes)
        if at < 0:
            return np.int64(ODD), rows
        at = behind_space(data, at)
        if at < data.size and data[at] != 10:
            return np.int64(ODD), rows
        used = write_row(data, spans, out, used)
        rows += 1


@kernel
def walk_line(data: Any, at: Int, known: Any, spans: Any, scopes: Any) -> Int:
    """Walk over one object, from behind its opening bracket; gives the position behind it."""
    depth, scopes[0] = 0, 0
    at = behind_space(data, at)
    if at < data.size and data[at] == 125:
        return at + 1
    while 0 <= at < data.size:
        row = np.int64(-1)
        if scopes[depth] != _LIST:
            at, row = take_key(data, at, scopes[depth], known)
            if at < 0:
                return -1
        kind, place = (known[1][row, 3], known[1][row, 4]) if row >= 0 else (np.int64(-1), np.int64(-1))
        byte = data[at]
        if (byte == 123 or byte == 91) and kind != WHOLES:  # noqa: PLR1714 - faster compiled
            if depth + 1 == scopes.size or (kind >= 0 and (kind != SCOPE or byte == 91)):
                return -1
            depth += 1
            scopes[depth] = _LIST if byte == 91 else place if kind == SCOPE else _NO_INTEREST
            at = behind_space(data, at + 1)
            if at >= data.size or data[at] != closing(scopes[depth]):
                continue
        else:
            at = take_value(data, at, kind, place, spans)
        at, depth = behind_ends(data, at, depth, scopes)
        if depth < 0:
            return at
    return -1


@kernel
def closing(scope: Int) -> Int:
    """Give the bracket that ends a list or an object."""
    return 93 if scope == _LIST else 125


@kernel
def behind_ends(data: Any, at: Int, depth: Int, scopes: Any) -> Any:
    """Step over the end of a value and of all that ends with it, and over the comma; gives the position and the depth.

    Gives the depth -1 where the whole line has ended.
    """
    while at >= 0:
        at = behind_space(data, at)
        if at >= data.size:
            return np.int64(-1), depth
        if data[at] == 44:
            return behind_space(data, at + 1), depth
        if data[at] != closing(scopes[depth]):
            return np.int64(-1), depth
        at, depth = at + 1, depth - 1
        if depth < 0:
            return at, depth
    return np.int64(-1), depth


@kernel
def take_key(data: Any, at: Int, scope: Int, known: Any) -> Any:
    """Step over a key and its colon; gives the first byte of the value, and the key's row (-1: of no interest)."""
    if data[at] != 34:
        return np.int64(-1), np.int64(-1)
    end, escaped = end_of_text(data, at + 1)
    row = np.int64(-1)
    if scope >= 0 and end >= 0:
        if escaped:  # it could be one that is taken, written in another way
            return np.int64(-1), row
        row = find_key(data, at + 1, end, scope, known)
    at = behind_space(data, end + 1)
    if end < 0 or at >= data.size or data[at] != 58:
        return np.int64(-1), row
    at = behind_space(data, at + 1)
    return (at if at < data.size else np.int64(-1)), row


@kernel
def hash_of(text: Any, start: Int, end: Int, scope: Int) -> Int:
    """Hash a key by its length, its first, middle and last byte, and where it stands."""
    length = end - start
    if length == 0:
        return 0
    middle = np.int64(text[start + length // 2])
    return (np.int64(text[start]) * 5 + middle * 11 + np.int64(text[end - 1]) * 3 + length * 31 + scope * 67) % PLACES


@kernel
def find_key(data: Any, start: Int, end: Int, scope: Int, known: Any) -> Int:
    """Find a key of a scope in the table; gives its row, -1 where it is of no interest."""
    keys, table, first = known
    row = first[hash_of(data, start, end, scope)]
    while row >= 0:
        length = table[row, 1] - table[row, 0]
        if table[row, 2] == scope and length == end - start:
            i = 0
            while i < length and keys[table[row, 0] + i] == data[start + i]:
                i += 1
            if i == length:
                return row
        row = table[row, 5]
    return row


@kernel
def take_value(data: Any, at: Int, kind: Int, place: Int, spans: Any) -> Int:
    """Step over a value that is no object, and note where it is, if it is of interest; gives the position behind it.

    Gives -1 where it is none, of another kind than expected, came before, or is a text that is empty or has escapes.
    """
    byte = data[at]
    start, end, found, behind = at, -1, TRUTH, 0
    if byte == 34:
        start, behind, found = at + 1, 1, TEXT
        end, escaped = end_of_text(data, start)
        if kind >= 0 and (escaped or end == start):
            return -1
    elif byte == 91:
        start, behind, found = at + 1, 1, WHOLES
        end = end_of_wholes(data, start)
    elif byte == 45 or 48 <= byte <= 57:
        end, whole = end_of_number(data, at)
        found = WHOLE if whole else REAL
    else:
        end = end_of_word(data, at)
    if end < 0 or kind < 0:
        return end + behind if end >= 0 else -1
    is_null = byte == 110
    fits = is_null or found == kind or (found == WHOLE and kind == REAL)
    if fits and kind == SCOPE:  # an object that is null has nothing to tell
        return end
    if not fits or spans[place, 0] != -1:
        return -1
    spans[place, 0], spans[place, 1] = (np.int64(_NULL), np.int64(_NULL)) if is_null else (start, end)
    return end + behind


@kernel
def write_row(data: Any, spans: Any, out: Any, used: Int) -> Int:
    """Write the values of a line; gives the bytes written so far."""
    for i in range(spans.shape[0]):
        if i > 0:
            out[used] = SEPARATOR
            used += 1
        for j in range(max(spans[i, 0], 0), max(spans[i, 1], 0) if spans[i, 0] >= 0 else 0):
            out[used] = data[j]
            used += 1
    out[used] = 10
    return used + 1
