"""When to follow only some of the new flows, and how many."""

from __future__ import annotations

from typing import Final

BEHIND_S: Final = 2.0
"""Reading is behind when the pipe was never found empty for this long."""
CALM_S: Final = 10.0
"""After this long without being behind, twice as many new flows are followed again."""
MOST: Final = 1024
"""At least one new flow in this many is followed."""


class Pressure:
    """The sampling rule: halve the share of new flows for each `BEHIND_S` behind, double it for each `CALM_S` in time.

    Args:
        now_s: The time, by a clock that only goes forward.
    """

    def __init__(self, now_s: float) -> None:
        self.one_in = 1
        self._empty_at = now_s  # when the pipe was last found empty
        self._changed_at = now_s

    def note(self, now_s: float, *, drained: bool) -> int:
        """Note whether the pipe was found empty; gives k of "one new flow in k"."""
        if drained:
            self._empty_at = now_s
            if self.one_in > 1 and now_s - self._changed_at >= CALM_S:
                self._change(self.one_in // 2, now_s)
        elif now_s - max(self._empty_at, self._changed_at) >= BEHIND_S and self.one_in < MOST:
            self._change(self.one_in * 2, now_s)
        return self.one_in

    def behind_s(self, now_s: float) -> float:
        """Give for how long the pipe has not been found empty."""
        return now_s - self._empty_at

    def _change(self, one_in: int, now_s: float) -> None:
        self.one_in, self._changed_at = one_in, now_s
