"""Finished flows that wait for their turn, so that flows leave in order of their ends."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from clan.flows.table import Table, reserve
from clan.flows.text import number_uids

BATCH_FLOWS: Final = 16_384
"""Finished flows that are turned into columns together. It fixes where batches are cut, so that the order of the
output does not depend on how the input was chunked."""

Slots = npt.NDArray[np.int64]


class Waiting:
    """Slots of finished flows; the records stay where they are until they leave.

    Args:
        max_flows: Flows that may wait at most, though at least two batches may. When there are more, those that ended
            first leave although others may yet end before them: memory is bounded, and the flows that then come late
            are counted.
    """

    def __init__(self, max_flows: int) -> None:
        self.room = most_waiting(max_flows)
        self._most = self.room - BATCH_FLOWS
        self._slots = np.empty(2 * BATCH_FLOWS, np.int64)
        self._ends = np.empty(2 * BATCH_FLOWS, np.int64)  # us
        self._n = 0
        self._look_again_at = BATCH_FLOWS  # doubles while nothing may leave, so that work stays linear

    @property
    def is_due(self) -> bool:
        """Whether it is time to see who may leave."""
        return self._n >= min(self._look_again_at, self._most)

    def add(self, table: Table, slots: Slots) -> None:
        """Let finished flows wait."""
        n = self._n + slots.size
        if n > self._slots.size:
            self._slots = np.concatenate([self._slots, np.empty(n, np.int64)])
            self._ends = np.concatenate([self._ends, np.empty(n, np.int64)])
        self._slots[self._n : n] = slots
        self._ends[self._n : n] = table.flows["last_ts"][slots]
        self._n = n
        reserve(table, slots.size)

    def leave(self, table: Table, watermark: int) -> tuple[Slots, npt.NDArray[np.int64]]:
        """Take out the flows that end before a time (us).

        Returns:
            Their slots and ends, in order of (end, uid); the caller releases the slots when it has read them.
        """
        slots, ends = self._slots[: self._n], self._ends[: self._n]
        ready = ends < watermark
        if self._n - np.count_nonzero(ready) >= self._most:  # too many would stay
            ready = ends <= np.partition(ends, self._n // 2)[self._n // 2]
        leaving, their_ends = slots[ready], ends[ready]
        stay = ~ready
        self._n -= leaving.size
        self._slots[: self._n], self._ends[: self._n] = slots[stay], ends[stay]
        self._look_again_at = self._n + max(self._n, BATCH_FLOWS)
        reserve(table, -leaving.size)
        order = ordered(table.flows, leaving, their_ends)
        return leaving[order], their_ends[order]


def most_waiting(max_flows: int) -> int:
    """Give how many slots are needed for waiting flows, beside those for open ones."""
    return max(max_flows, 2 * BATCH_FLOWS) + BATCH_FLOWS


def ordered(flows: Any, slots: Slots, ends: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Sort by (end, uid); uids are worked out only for flows that end at the same time as another."""
    order = np.argsort(ends, kind="stable")
    sorted_ends = ends[order]
    same = sorted_ends[1:] == sorted_ends[:-1]
    tied = np.flatnonzero(np.concatenate([[False], same]) | np.concatenate([same, [False]]))
    if tied.size:
        uids = np.empty((2, tied.size), np.uint64)
        number_uids(flows, slots[order[tied]], uids)
        order[tied] = order[tied][np.lexsort((uids[1], uids[0], sorted_ends[tied]))]
    return order
