"""Flows in order of their ends with bounded memory, for sources that do not give them so.

They are held as joined records, which are numbers, and take a third of what flows with their texts would.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars as pl

HOLD_US: Final = 60_000_000
"""How far the order of a source may be wrong without a flow being late."""
MOST_HELD: Final = 1 << 20
"""Flows held back at most."""
PIECE_ROWS: Final = 1 << 16
"""Flows that leave at once, for what is made of them takes ten times their room."""


class FlowOrder:
    """Holds flows back until no earlier one can be expected.

    A flow that comes when later ones have left already is late: it leaves at once with the next ones, and is counted.

    Args:
        hold_us: A flow leaves when one has been seen that ends this much later.
        most: Flows held at most; beyond them the earliest leave.
    """

    def __init__(self, *, hold_us: int = HOLD_US, most: int = MOST_HELD) -> None:
        self.late = 0
        """Flows that came too late for their place."""
        self._hold_us, self._most = hold_us, most
        self._held: list[pl.DataFrame] = []
        self._n = 0
        self._newest: int | None = None  # the latest end seen, us
        self._left: int | None = None  # the latest end that has left, us
        self._waits_until: int | None = None  # the watermark that lets something leave

    @property
    def held(self) -> int:
        """Flows that wait."""
        return self._n

    def add(self, flows: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Take flows in any order, with their ends (us) in the column `end`; yields those that may leave."""
        if flows.height == 0:
            return
        ends = flows["end"]
        first, newest = int(ends.min()), int(ends.max())  # type: ignore[arg-type]
        self._newest = newest if self._newest is None else max(self._newest, newest)
        if self._left is not None:
            self.late += int((ends < self._left).sum())
        self._held.append(flows)
        self._n += flows.height
        due = first + self._hold_us
        self._waits_until = due if self._waits_until is None else min(self._waits_until, due)
        if self._n > self._most or self._newest >= self._waits_until:
            yield from self._release(self._newest - self._hold_us)

    def advance(self, now_us: int) -> Iterator[pl.DataFrame]:
        """Let leave what a clock says is complete, where nothing new comes.

        Args:
            now_us: A time up to which every flow that has ended has been given.
        """
        if self._n and self._waits_until is not None and now_us >= self._waits_until:
            yield from self._release(now_us - self._hold_us)

    def finish(self) -> Iterator[pl.DataFrame]:
        """Let everything leave."""
        if self._n:
            yield from self._release(None)

    def _release(self, until: int | None) -> Iterator[pl.DataFrame]:
        """Sort, and let leave what ends up to a time (us)."""
        held = pl.concat(self._held).sort("end", maintain_order=True)
        ends = held["end"]
        leaving = held.height if until is None else int(ends.search_sorted(until, side="right"))
        leaving = max(leaving, held.height - self._most)
        out, kept = held.head(leaving), held.tail(held.height - leaving)
        self._held, self._n = [kept] if kept.height else [], kept.height
        self._waits_until = int(ends[leaving]) + self._hold_us if kept.height else None
        if leaving:
            self._left = max(self._left or 0, int(ends[leaving - 1]))
            yield from _pieces(out)


def _pieces(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cut sorted rows into pieces of about `PIECE_ROWS`, those with the same end together."""
    at = 0
    while at < rows.height:
        stop = min(at + PIECE_ROWS, rows.height)
        stop = int(rows["end"].search_sorted(rows["end"][stop - 1], side="right"))
        yield rows[at:stop]
        at = stop
