"""How many different values there were, in bounded memory."""

from __future__ import annotations

import hashlib
import heapq

KEPT = 256
"""Hashes that are kept: up to so many values the number is exact."""

_BITS = 64


class DistinctCount:
    """Counts different texts: exact up to `KEPT`, an estimate above (standard error about 1 / sqrt(KEPT), 6 %).

    The smallest hashes are kept, so the count depends on the set of values alone: not on their order, and the union of
    two counts is the count of the union.

    Source:
        Bar-Yossef et al. 2002, k minimum values; estimator (k - 1) / U(k) of Beyer et al. 2007.
    """

    __slots__ = ("_held", "_largest")

    def __init__(self) -> None:
        self._held: set[int] = set()
        self._largest: list[int] = []  # a heap of negated hashes, once there are KEPT

    def add(self, value: str) -> None:
        """Count a value, once."""
        self._add_hash(int.from_bytes(hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest()))

    def update(self, other: DistinctCount) -> None:
        """Count all that another one has counted."""
        for number in other._held:
            self._add_hash(number)

    def __len__(self) -> int:
        if len(self._held) < KEPT:
            return len(self._held)
        return max(round((KEPT - 1) * 2**_BITS / (-self._largest[0] + 1)), KEPT)

    def _add_hash(self, number: int) -> None:
        if number in self._held:
            return
        if len(self._held) < KEPT:
            self._held.add(number)
            heapq.heappush(self._largest, -number)
        elif number < -self._largest[0]:
            self._held.discard(-heapq.heapreplace(self._largest, -number))
            self._held.add(number)


class PortCount:
    """Counts different ports, exactly: a few in a set, many in a bitmap of 8 KiB."""

    __slots__ = ("_bitmap", "_count", "_few")

    FEW = 64

    def __init__(self) -> None:
        self._few: set[int] = set()
        self._bitmap: bytearray | None = None
        self._count = 0

    def add(self, port: int) -> None:
        """Count a port, 0 to 65,535, once."""
        if self._bitmap is None:
            self._few.add(port)
            if len(self._few) > self.FEW:
                self._spread()
            return
        byte, bit = port >> 3, 1 << (port & 7)
        if not self._bitmap[byte] & bit:
            self._bitmap[byte] |= bit
            self._count += 1

    def update(self, other: PortCount) -> None:
        """Count all that another one has counted."""
        for port in other.first(65_536):
            self.add(port)

    def first(self, n: int) -> tuple[int, ...]:
        """Give the lowest n ports, ascending."""
        if self._bitmap is None:
            return tuple(sorted(self._few)[:n])
        found: list[int] = []
        for byte, bits in enumerate(self._bitmap):
            if bits:
                found += [(byte << 3) + i for i in range(8) if bits >> i & 1]
                if len(found) >= n:
                    break
        return tuple(found[:n])

    def __len__(self) -> int:
        return len(self._few) if self._bitmap is None else self._count

    def _spread(self) -> None:
        self._bitmap = bytearray(8192)
        few, self._few = self._few, set()
        for port in few:
            self.add(port)
