"""The compiled walk over lines of JSON that `clan.sources.records.projection` is made of."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clan.flows import Int, kernel
from clan.sources.records.json_tokens import (
    behind_space,
    end_of_line,
    end_of_number,
    end_of_text,
    end_of_wholes,
    end_of_word,
    next_line,
)

TEXT, WHOLE, REAL, TRUTH, WHOLES, SCOPE, COUNT = range(7)
"""Kinds of values: text, numbers without and with a fraction, truth values, lists of numbers, objects; whole numbers of
64 bits without a sign."""
SEPARATOR: Final = 0x1F  # JSON does not allow it within a text
MOST_DEPTH: Final = 64
MOST_HINTS: Final = 64
"""Keys of a line for which is remembered what the line before had in their place."""
PLACES: Final = 256
ODD, AGAIN = -1, -2
"""What the walk gives where too many lines are out of the ordinary; where a text came that was not looked for."""
_LIST, _NO_INTEREST = -2, -1
"""Scopes of lists, and of objects of whose keys none is taken."""
_NULL: Final = -2
_SIGN: Final = np.uint64(1 << 63)


@kernel
def project(data: Any, known: Any, scratch: Any, odd: Any, out: Any) -> Any:
    """Take the values of interest of each line; gives the bytes written (or `ODD`, `AGAIN`), the rows, the odd lines.

    Args:
        data: uint8, whole lines.
        known: `keys`, `table` and `first` of a `Projection`.
        scratch: As `new_scratch` makes it.
        odd: int64 of shape `(n, 3)`: where each line begins and ends that is out of the ordinary, and its place among
            all lines; as many are passed over, and have no row.
        out: Texts, active, numbers, present. uint8, room for the texts and what stands between them; bool of shape
            `(n_texts,)`, those that are written: another one is made active where it comes, and ends the walk with
            `AGAIN`; int64 of shape `(n_numbers, n_lines)`; bool of shape `(n_lines, n_numbers)`.
    """
    spans, hints = scratch[0], scratch[2]
    used, rows, n_odd = np.int64(0), np.int64(0), np.int64(0)
    for i in range(hints.shape[0]):
        hints[i, 0] = -1
    start = next_line(data, np.int64(0))
    while start < data.size:
        at = take_line(data, start, known, scratch)
        if at >= 0:
            used = write_row(data, spans, out, used, rows)
            rows += 1
        elif n_odd < odd.shape[0]:
            at = end_of_line(data, start)
            odd[n_odd, 0], odd[n_odd, 1], odd[n_odd, 2] = start, at, rows + n_odd
            n_odd += 1
        else:
            used = np.int64(ODD)
        if used < 0:
            break
        start = next_line(data, at)
    return used, rows, n_odd


def new_scratch(n_values: int) -> tuple[Any, ...]:
    """Make what the walk works in.

    Returns:
        Where each value of a line begins and ends, shape `(n_values, 2)`, for whole numbers 0 and the number; the scope
        of each level that is open; and where a key stood in an earlier line, its length, scope and row. All int64.
    """
    return np.zeros((n_values, 2), np.int64), np.zeros(MOST_DEPTH, np.int64), np.zeros((MOST_HINTS, 4), np.int64)


@kernel
def take_line(data: Any, at: Int, known: Any, scratch: Any) -> Int:
    """Note the values of one line; gives the position of its newline, or -1 where it is out of the ordinary."""
    spans = scratch[0]
    if data[at] != 123:
        return -1
    for i in range(spans.shape[0]):
        spans[i, 0] = -1
    at = walk_line(data, at + 1, known, scratch)
    if at < 0:
        return -1
    at = behind_space(data, at)
    return at if at == data.size or data[at] == 10 else -1


@kernel
def walk_line(data: Any, at: Int, known: Any, scratch: Any) -> Int:
    """Walk over one object, from behind its opening bracket; gives the position behind it."""
    spans, scopes, hints = scratch
    depth, slot, scopes[0] = 0, 0, 0
    at = behind_space(data, at)
    if at < data.size and data[at] == 125:
        return at + 1
    while 0 <= at < data.size:
        row = np.int64(-1)
        if scopes[depth] != _LIST:
            at, row = take_key(data, at, scopes[depth], known, hints, slot)
            slot += 1
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
def take_key(data: Any, at: Int, scope: Int, known: Any, hints: Any, slot: Int) -> Any:
    """Step over a key and its colon; gives the first byte of the value, and the key's row (-1: of no interest)."""
    if data[at] != 34:
        return np.int64(-1), np.int64(-1)
    if slot < hints.shape[0] and is_hinted(data, at + 1, scope, hints, slot):
        row = hints[slot, 3]
        at = behind_space(data, at + hints[slot, 1] + 3)
        return (at if at < data.size else np.int64(-1)), row
    start = at + 1
    end, escaped = end_of_text(data, start)
    row = np.int64(-1)
    if scope >= 0 and end >= 0:
        if escaped:  # it could be one that is taken, written in another way
            return np.int64(-1), row
        row = find_key(data, start, end, scope, known)
    at = behind_space(data, end + 1)
    if end < 0 or at >= data.size or data[at] != 58:
        return np.int64(-1), row
    if slot < hints.shape[0] and not escaped:
        hints[slot, 0], hints[slot, 1], hints[slot, 2], hints[slot, 3] = start, end - start, scope, row
    at = behind_space(data, at + 1)
    return (at if at < data.size else np.int64(-1)), row


@kernel
def is_hinted(data: Any, at: Int, scope: Int, hints: Any, slot: Int) -> bool:
    """Tell whether a key with quote and colon is what an earlier line had in this place: logs repeat themselves."""
    before, length = hints[slot, 0], hints[slot, 1]
    if before < 0 or hints[slot, 2] != scope or at + length + 1 >= data.size:
        return False
    if data[at + length] != 34 or data[at + length + 1] != 58:
        return False
    differs = np.uint8(0)
    for i in range(length):
        differs |= data[before + i] ^ data[at + i]
    return differs == 0


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
    """Step over a value that is no object, and note it, if it is of interest; gives the position behind it.

    Gives -1 where it is none, of another kind than expected, came before, or is a text that is empty or has escapes.
    """
    byte = data[at]
    start, end, found, behind = at, -1, TRUTH, 0
    number = np.int64(1 if byte == 116 else 0)
    if byte == 34:
        start, behind, found = at + 1, 1, TEXT
        end, escaped = end_of_text(data, start)
        if kind >= 0 and (escaped or end == start):
            return -1
    elif byte == 91:
        start, behind, found = at + 1, 1, WHOLES
        end = end_of_wholes(data, start)
    elif byte == 45 or 48 <= byte <= 57:
        end, size, whole = end_of_number(data, at)
        found = kind_of_number(size, whole, byte == 45, kind)
        number = -np.int64(size) if byte == 45 else np.int64(size)
    else:
        end = end_of_word(data, at)
    if end < 0 or kind < 0:
        return end + behind if end >= 0 else -1
    if byte == 110 and kind == SCOPE:  # an object that is null has nothing to tell
        return end
    if (byte != 110 and found != kind) or spans[place, 0] != -1:
        return -1
    note(spans, place, kind, _NULL if byte == 110 else start, end, number)
    return end + behind


@kernel
def kind_of_number(size: Any, whole: Any, negative: Any, wanted: Int) -> Int:
    """Give the kind that is wanted where a number is of it; -1 where it does not fit."""
    if wanted == REAL:
        return REAL
    fits = not negative if wanted == COUNT else wanted == WHOLE and size < _SIGN
    return wanted if whole and fits else -1


@kernel
def note(spans: Any, place: Int, kind: Int, start: Int, end: Int, number: Int) -> None:
    """Note where a value is; for numbers and truth values what it is, and 0 where it is not null."""
    as_number = kind == WHOLE or kind == COUNT or kind == TRUTH  # noqa: PLR1714 - faster compiled
    spans[place, 0] = min(start, 0) if as_number else start
    spans[place, 1] = number if as_number else end


@kernel
def write_row(data: Any, spans: Any, out: Any, used: Int, row: Int) -> Int:
    """Write the values of a line; gives the bytes written so far, `AGAIN` where a text is not active."""
    texts, active, numbers, present = out
    n_numbers = numbers.shape[0]
    for i in range(n_numbers):
        present[row, i] = spans[i, 0] >= 0
        numbers[i, row] = spans[i, 1]
    for i in range(active.size):
        start, end = spans[n_numbers + i, 0], spans[n_numbers + i, 1]
        if not active[i]:
            if start < 0:
                continue
            active[i] = True
            return np.int64(AGAIN)
        if start >= 0:
            for j in range(end - start):
                texts[used + j] = data[start + j]
            used += end - start
        texts[used] = SEPARATOR
        used += 1
    if active.size > 0:
        texts[used - 1] = 10
    return used
