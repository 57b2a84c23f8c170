"""Uids of rows that came without: from who, when and how often, so that the same row has the same uid in every run."""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
import polars as pl

from clan.flows.addresses import address_words
from clan.flows.jit import Int, kernel
from clan.flows.text import UID_LENGTH, mix, uid_of_hash, write_uid_words

_SLOTS: Final = 1 << 20
"""Places for hashes that are remembered; half of them is how many different rows are, at least."""
_NUMBER: Final = np.uint64(1 << 63)


class RowUids:
    """Gives rows of one table their uids.

    A row whose two addresses and start are known has a uid that follows from these and from what else is told of it.
    Rows that agree in all of it are numbered; that is remembered for the last half a million different rows, and rows
    that agree over a longer distance have one uid. The uid of any other row follows from what is known and from its
    place in the table.
    """

    def __init__(self) -> None:
        self._n = 0
        self._keys = np.zeros((2, _SLOTS), np.uint64)  # two generations of hashes
        self._seen = np.zeros((2, _SLOTS), np.int64)
        self._state = np.zeros(2, np.int64)  # which generation is the younger one, and how many hashes it has

    def of(self, rows: pl.DataFrame) -> pl.Series:
        """Give the uids of the next rows of the table.

        Args:
            rows: Text `src_ip` and `dst_ip`, `ts_start` in microseconds, and whatever numbers tell rows apart.
        """
        sides = [address_words(rows[name]) for name in ("src_ip", "dst_ip")]
        numbers = rows.drop("src_ip", "dst_ip")
        known = (sides[0].version > 0) & (sides[1].version > 0) & rows["ts_start"].is_not_null().to_numpy()
        words = np.empty((4 + numbers.width, rows.height), np.uint64)
        words[:4] = [word for side in sides for word in (side.high, side.low)]
        for i, column in enumerate(numbers.iter_columns(), 4):
            whole = column.to_physical().cast(pl.Int64, strict=False).fill_null(-1)
            words[i] = whole.to_numpy().view(np.uint64)
        out = np.empty(rows.height * (UID_LENGTH + 1), np.uint8)
        write_row_uids(words, known, self._n, self._keys, self._seen, self._state, out)
        self._n += rows.height
        if not rows.height:
            return pl.Series("uid", [], pl.String)
        return pl.read_csv(io.BytesIO(out.tobytes()), has_header=False, schema={"uid": pl.String()})["uid"]


@kernel
def write_row_uids(words: Any, known: Any, first: Int, keys: Any, seen: Any, state: Any, out: Any) -> None:
    """Write the uid of each row and a newline.

    Args:
        words: What is known of the rows, uint64 of shape `(k, n)`.
        known: Whether that tells who and when. Shape `(n,)`.
        first: The number of the first row.
        keys: Hashes that were seen, uint64 of shape `(2, slots)`, 0 where there is none; slots are a power of two.
        seen: How often, int64 of shape `(2, slots)`.
        state: The younger half of both, and how many hashes it has.
        out: uint8 with room for n lines.
    """
    for i in range(words.shape[1]):
        value = np.uint64(0x243F6A8885A308D3)
        for j in range(words.shape[0]):
            value = mix(value, words[j, i])
        place = np.uint64(count_again(value, keys, seen, state)) if known[i] else np.uint64(first + i) | _NUMBER
        one, other = uid_of_hash(mix(value, place))
        out[write_uid_words(one, other, out, i * (UID_LENGTH + 1))] = 10


@kernel
def count_again(value: Any, keys: Any, seen: Any, state: Any) -> Int:
    """Give how often a hash was seen before, and remember it; the older half is forgotten when the younger is full."""
    if value == 0:
        value = np.uint64(1)
    slots = keys.shape[1]
    if 2 * state[1] >= slots:
        state[0], state[1] = 1 - state[0], 0
        keys[state[0], :] = 0
        seen[state[0], :] = 0
    young, old = state[0], 1 - state[0]
    slot = slot_of(value, keys[young])
    if keys[young, slot] == 0:
        keys[young, slot] = value
        state[1] += 1
        seen[young, slot] = seen[old, slot_of(value, keys[old])]
    seen[young, slot] += 1
    return seen[young, slot] - 1


@kernel
def slot_of(value: Any, keys: Any) -> Int:
    """Find the place of a hash, or the empty one where it belongs."""
    slot = np.int64(value & np.uint64(keys.size - 1))
    while keys[slot] != 0 and keys[slot] != value:
        slot = (slot + 1) & (keys.size - 1)
    return slot
