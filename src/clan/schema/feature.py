"""What a feature is."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


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
    """

    name: str
    unit: str
    integer: bool
    meaning: str
    group: str
    sources: tuple[str, ...]

    @property
    def dtype(self) -> pl.DataType:
        """The polars type of the column."""
        return pl.Int64() if self.integer else pl.Float64()
