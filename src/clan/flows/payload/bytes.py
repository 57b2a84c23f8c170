"""What the bytes of both directions tell without knowing any protocol."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clan.flows.jit import Int, kernel
from clan.flows.payload.kinds import homes
from clan.flows.payload.layout import DISTANCE, ENTROPY, PRINTABLE, SEEN, VIEW

# Rounded, so that they are the same on every machine.
_TERMS: Final = np.array([0.0, *(round(n * math.log2(n), 9) for n in range(1, VIEW + 1))])

UNUSUAL_IN_TARGET: Final = 1
UNUSUAL_IN_HEADER: Final = 2
UNUSUAL_IN_NAME: Final = 4
_WORD: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


def _unusual() -> npt.NDArray[np.uint8]:
    """Say of each byte where it is unusual."""
    of_header = {*b"$<>\\^`{|}", *range(9), *range(10, 32), *range(127, 256)}
    kinds = np.zeros(256, np.uint8)
    for value in range(256):
        kinds[value] |= UNUSUAL_IN_TARGET * (value not in _WORD | set(b"-._~/?&=%+:#,;@"))
        kinds[value] |= UNUSUAL_IN_HEADER * (value in of_header)
        kinds[value] |= UNUSUAL_IN_NAME * (value not in _WORD | set(b"-_"))
    return kinds


class Scratch(NamedTuple):
    """Room for counting, to be used again and again, and tables."""

    counts: npt.NDArray[np.int64]  # (3, 256): of each direction, and of a piece of text
    terms: npt.NDArray[np.float64]  # (VIEW + 1,): n log2 n, bits
    homes: npt.NDArray[np.int8]  # (65536,): which protocol each port is usual for
    unusual: npt.NDArray[np.uint8]  # (256,): where each byte is unusual, as flags


def new_scratch() -> Scratch:
    """Make the room."""
    return Scratch(counts=np.zeros((3, 256), np.int64), terms=_TERMS, homes=homes(), unusual=_unusual())


@kernel
def entropy(counts: Any, n: Int, scratch: Scratch) -> float:
    """Give the Shannon entropy (bits) of n bytes that were counted; NaN of none."""
    if n == 0:
        return np.nan
    total = scratch.terms[n]
    for value in range(256):
        total -= scratch.terms[counts[value]]
    return max(total / n, 0.0)


@kernel
def text_entropy(data: Any, start: Int, end: Int, scratch: Scratch) -> float:
    """Give the entropy (bits) of some bytes of a direction; NaN of none."""
    counts = scratch.counts[2]
    for value in range(256):
        counts[value] = 0
    for i in range(start, end):
        counts[data[i]] += 1
    return entropy(counts, end - start, scratch)


@kernel
def describe_bytes(data: Any, note: Any, scratch: Scratch, row: Any) -> None:
    """Fill what is told of any payload.

    Args:
        data: The buffer, `(2, VIEW)`.
        note: Its `NOTE`.
        scratch: Room for counting.
        row: The flow's numbers, NaN so far.
    """
    for way in range(2):
        n, counts = np.int64(note.have[way]), scratch.counts[way]
        row[SEEN + way] = n
        for value in range(256):
            counts[value] = 0
        for i in range(n):
            counts[data[way, i]] += 1
        if n < note.most[way]:  # some are missing
            continue
        row[ENTROPY + way] = entropy(counts, n, scratch)
        printable = counts[9] + counts[10] + counts[13]  # tab, line feed, carriage return
        for value in range(32, 127):
            printable += counts[value]
        row[PRINTABLE + way] = printable / n if n > 0 else np.nan
    row[DISTANCE] = distance(note, scratch)


@kernel
def distance(note: Any, scratch: Scratch) -> float:
    """Give the total variation distance of the two histograms; NaN unless both are whole and not empty."""
    forward, backward = np.int64(note.have[0]), np.int64(note.have[1])
    if forward == 0 or backward == 0 or forward < note.most[0] or backward < note.most[1]:
        return np.nan
    different = np.int64(0)  # as integers over a common denominator, so that nothing is rounded
    for value in range(256):
        different += abs(scratch.counts[0, value] * backward - scratch.counts[1, value] * forward)
    return different / (2 * forward * backward)
