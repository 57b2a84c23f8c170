"""What came of a piece of a log: rows, and the lines that were none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import polars as pl

NAMED_LINES: Final = 5
"""Bad lines that are remembered with their reason; the others are counted."""

_Line = TypeVar("_Line")


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no record, and why."""

    text: str
    reason: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.text[:80]!r}"


@dataclass(slots=True)
class Parsed:
    """Rows of a piece, and the account of the rest.

    Attributes:
        frame: The rows, in the order of the lines.
        counts: What became of the lines, by the counters of `clan.sources.report`.
        bad: The first lines that were no records.
    """

    frame: pl.DataFrame
    counts: Counter[str] = field(default_factory=Counter)
    bad: list[BadLine] = field(default_factory=list)

    def refuse(self, lines: Sequence[BadLine]) -> None:
        """Count bad lines, and remember some."""
        self.counts["malformed_records"] += len(lines)
        self.bad += lines[: max(NAMED_LINES - len(self.bad), 0)]


def salvage(
    lines: Sequence[_Line], parse: Callable[[Sequence[_Line]], pl.DataFrame]
) -> tuple[list[pl.DataFrame], list[tuple[_Line, str]]]:
    """Parse what can be parsed: halve what is refused until the bad lines stand alone.

    Args:
        lines: Lines of which at least one is bad.
        parse: Makes rows of lines, and raises a polars error or a ValueError where one is bad.

    Returns:
        The tables of the good lines, in their order, and the bad ones with the reason.
    """
    tables: list[pl.DataFrame] = []
    bad: list[tuple[_Line, str]] = []
    waiting = [(0, len(lines))]
    while waiting:
        start, stop = waiting.pop()
        try:
            tables.append(parse(lines[start:stop]))
        except (pl.exceptions.PolarsError, ValueError) as error:
            if stop - start == 1:
                bad.append((lines[start], (str(error).splitlines() or ["unreadable"])[0]))
                continue
            middle = (start + stop) // 2
            waiting += [(middle, stop), (start, middle)]
    return tables, bad
