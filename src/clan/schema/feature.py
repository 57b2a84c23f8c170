"""What a feature is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

KINDS: Final = {
    "packets": "packets",
    "zeek": "Zeek logs",
    "suricata": "Suricata events",
    "netflow": "NetFlow records",
    "argus": "Argus records",
    "table": "tables of flows",
    "flows": "flows that clan wrote to a file",
}
"""Kinds of source, as a model remembers them, and what messages call them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feature:
    """One numeric column of the flow table.

    Attributes:
        name: Column name, unique over all groups.
        unit: Unit of the value, such as ``us``, ``bytes`` or ``packets``.
        integer: Whether the column is int64; the others are float64. Null always means "this source cannot tell".
        meaning: One sentence that also gives the edge cases.
        group: The feature group: ``flow``, ``context``, ``payload``, ``conn`` or ``table``.
        sources: Kinds of source that can tell it.
        approximate: Those among them that tell it only approximately, each with how.
        phrase: What a value says, as a sentence without its end that has ``{value}`` and, where it needs them,
            ``{src}``, ``{dst}`` and ``{service}`` (such as "on port 80") in it; ``""`` where `meaning` has to do.
    """

    name: str
    unit: str
    integer: bool
    meaning: str
    group: str
    sources: tuple[str, ...]
    approximate: tuple[tuple[str, str], ...] = ()
    phrase: str = ""

    def told_by(self, kind: str) -> str | None:
        """Say how a kind of source tells it: ``exact``, ``approximate: ...``, or None where it cannot.

        Example:
            >>> feature = Feature(name="n", unit="", integer=True, meaning="", group="conn", sources=("zeek",))
            >>> feature.told_by("zeek"), feature.told_by("netflow")
            ('exact', None)
        """
        if kind not in self.sources:
            return None
        how = dict(self.approximate).get(kind)
        return f"approximate: {how}" if how else "exact"

    @property
    def clause(self) -> str:
        """The meaning without its edge cases, for use inside a sentence; the name where nobody said what it means.

        Example:
            >>> Feature(
            ...     name="n", unit="us", integer=True, meaning="largest gap (any side); 0 for one packet", group="flow",
            ...     sources=("packets",),
            ... ).clause
            'largest gap'
        """
        if self.group == "table" or self.meaning.startswith("the same "):
            return self.name
        return self.meaning.partition(";")[0].partition(" (")[0].removeprefix("1 when ")

    @property
    def dtype(self) -> pl.DataType:
        """The polars type of the column."""
        return pl.Int64() if self.integer else pl.Float64()
