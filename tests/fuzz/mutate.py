"""Cheap cousin of the real fuzzers: bytes changed, removed and doubled by a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

_MARKS: Final = (0, 1, 10, 13, 34, 44, 59, 0x7F, 0x80, 0xFF)
"""Bytes that mean something to a parser of text, and the ends of their range."""


def mutate(rng: random.Random, seed: bytes, *, first: int = 1, marks: Sequence[int] = _MARKS) -> bytes:
    """Change a seed in one to eight places, behind its first bytes; that one often chooses the format."""
    data = bytearray(seed)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(first, len(data))
        action = rng.randrange(4)
        if action == 0:
            data[at] = rng.choice([*marks, rng.randrange(256)])
        elif action == 1:
            data[at] ^= 1 << rng.randrange(8)
        elif action == 2 and len(data) > 20:
            del data[at : at + rng.randint(1, 20)]
        else:
            data[at:at] = data[at : at + rng.randint(1, 20)]
    return bytes(data)
