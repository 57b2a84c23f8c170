"""How many distinct names are asked for below a parent domain: a bounded sketch over the stream.

Each parent has one place of a direct-mapped table, with a bitmap for the five minutes under way and one for the five
before; their union is counted linearly (Whang et al., ACM TODS 15(2), 1990). A parent that falls on the place of
another takes it over. Places depend on the names alone, never on chance, so the same capture gives the same numbers.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clan.flows.jit import Int, kernel
from clan.flows.profile import SECOND

PLACES: Final = 8192
BITS: Final = 512
WORDS: Final = BITS // 64
WINDOW_US: Final = 300 * SECOND
SHORT_LABEL: Final = 3  # co, com, ac in front of a country
COUNTRY: Final = 2

_ESTIMATES: Final = np.array([float(round(-BITS * math.log(max(n, 0.5) / BITS))) for n in range(BITS + 1)])
_OFFSET: Final = np.uint64(0xCBF29CE484222325)
_PRIME: Final = np.uint64(0x100000001B3)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


class Names(NamedTuple):
    """The sketch: 1.1 MiB whatever the traffic."""

    parents: npt.NDArray[np.uint64]  # (PLACES,), hash of the parent; 0 = empty
    windows: npt.NDArray[np.int64]  # (PLACES,), number of the window under way
    bits: npt.NDArray[np.uint64]  # (PLACES, 2, WORDS), by parity of the window
    estimates: npt.NDArray[np.float64]  # (BITS + 1,), names by the number of bits that are not set


def new_names() -> Names:
    """Make an empty sketch."""
    return Names(
        parents=np.zeros(PLACES, np.uint64),
        windows=np.zeros(PLACES, np.int64),
        bits=np.zeros((PLACES, 2, WORDS), np.uint64),
        estimates=_ESTIMATES,
    )


@kernel
def hash_name(data: Any, start: Int, end: Int) -> Any:
    """Hash the labels of a name as they stand in a message, in lower case (FNV-1a and a final mix), to 64 bits."""
    hashed = _OFFSET
    for i in range(start, end):
        hashed = (hashed ^ np.uint64(lower(data[i]))) * _PRIME
    hashed *= _MIX
    return hashed ^ (hashed >> np.uint64(32))


@kernel
def lower(value: Any) -> Int:
    """Give the lower-case letter of an upper-case one, anything else as it is."""
    number = np.int64(value)
    return number + 32 if 65 <= number <= 90 else number


@kernel
def parent_label(lengths: Any, labels: Int) -> Int:
    """Tell with which label the parent domain of a name begins, counted from 0.

    Args:
        lengths: Lengths of the labels in their order.
        labels: How many there are.
    """
    if labels >= 3 and lengths[labels - 1] == COUNTRY and lengths[labels - 2] <= SHORT_LABEL:
        return labels - 3
    return max(labels - 2, 0)


@kernel
def count_names(names: Names, parent: Any, name: Any, ts: Int) -> float:
    """Note a name below its parent, both as hashes, and estimate how many there were lately, this one included."""
    place = np.int64(parent & np.uint64(PLACES - 1))
    window = ts // WINDOW_US
    bits = names.bits[place]
    passed = window - names.windows[place]
    if names.parents[place] != parent or passed < 0 or passed > 1:
        for word in range(WORDS):
            bits[0, word] = bits[1, word] = np.uint64(0)
    elif passed == 1:
        for word in range(WORDS):
            bits[window & 1, word] = np.uint64(0)
    names.parents[place], names.windows[place] = parent, window
    bit = np.int64(name & np.uint64(BITS - 1))
    bits[window & 1, bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)
    zero = BITS
    for word in range(WORDS):
        left = bits[0, word] | bits[1, word]
        while left != 0:
            left &= left - np.uint64(1)
            zero -= 1
    return names.estimates[zero]
