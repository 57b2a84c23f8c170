"""Records come in the order in which they were written; flows leave in the order in which they ended."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

WINDOW_ROWS: Final = 1 << 16
"""Rows that wait for earlier ones: a tool writes a flow when it forgets it, which may be minutes after its end."""


class Reorder:
    """Sorts by (`ts_end`, `uid`) within a window of rows.

    The window is full before anything leaves, and as many rows leave as come in, so the result does not depend on how
    the rows are handed in, and a clock that jumps holds nothing back for ever. Records that are told twice, word for
    word, leave once.

    Args:
        window: Rows that wait.
    """

    def __init__(self, window: int = WINDOW_ROWS) -> None:
        self.late = 0
        """Rows that left behind one that ended later: they came too late for the window."""
        self.duplicates = 0
        """Rows that were there already."""
        self._window = window
        self._waiting: pl.DataFrame | None = None  # sorted, at most as many as the window
        self._fresh: list[pl.DataFrame] = []
        self._n_fresh = 0
        self._last: tuple[object, object] | None = None

    def push(self, frame: pl.DataFrame) -> list[pl.DataFrame]:
        """Take rows in; gives those that leave, in tables of as many rows as the window."""
        if frame.height:
            self._fresh.append(frame)
            self._n_fresh += frame.height
        out = []
        while self._n_fresh >= self._window:
            fresh = pl.concat(self._fresh)
            self._fresh = [fresh[self._window :]]
            self._n_fresh = fresh.height - self._window
            merged, order = _sorted(fresh[: self._window], self._waiting)
            n_out = merged.height - self._window
            self._waiting = merged[order[n_out:]]
            out += self._leave(merged[order[:n_out]])
        return out

    def flush(self) -> list[pl.DataFrame]:
        """Give all that waits."""
        rest = [*([] if self._waiting is None else [self._waiting]), *self._fresh]
        self._waiting, self._fresh, self._n_fresh = None, [], 0
        if not rest:
            return []
        merged, order = _sorted(pl.concat(rest), None)
        return self._leave(merged[order])

    def _leave(self, rows: pl.DataFrame) -> list[pl.DataFrame]:
        """Count what is late, and drop what is there twice."""
        if not rows.height:
            return []
        first = (rows["ts_end"][0], rows["uid"][0])
        if self._last is not None and rows["ts_end"][0] < self._last[0]:
            self.late += int((rows["ts_end"] < self._last[0]).sum())
        again = (rows["uid"] == rows["uid"].shift()) & (rows["ts_end"] == rows["ts_end"].shift())
        again[0] = first == self._last
        last = (rows["ts_end"][-1], rows["uid"][-1])
        self._last = last if self._last is None or last[0] >= self._last[0] else self._last
        n_again = int(again.sum())
        if n_again:
            self.duplicates += n_again
            rows = rows.filter(~again)
        return [rows] if rows.height else []


def _sorted(fresh: pl.DataFrame, waiting: pl.DataFrame | None) -> tuple[pl.DataFrame, pl.Series]:
    """Put rows together; gives them and their order: by ends, which are nearly sorted, and by uid among equals."""
    together = fresh.rechunk() if waiting is None else pl.concat([waiting, fresh], rechunk=True)
    ends = together["ts_end"].to_physical().to_numpy()
    order = np.argsort(ends, kind="stable")
    in_order = ends[order]
    equal = np.flatnonzero(in_order[1:] == in_order[:-1])
    if len(equal):
        alike = np.union1d(equal, equal + 1)
        rows = order[alike]
        keys = pl.DataFrame({"end": ends[rows], "uid": together["uid"][rows], "row": rows})
        order[alike] = keys.sort("end", "uid", maintain_order=True)["row"].to_numpy()
    return together, pl.Series(order)
