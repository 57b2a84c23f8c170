"""What the columns of somebody else's table mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

_TEXT_TIMES = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%d/%m/%Y %I:%M:%S %p",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
)
PROTOCOLS: Mapping[str, int] = {
    "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58,
    "icmp6": 58, "icmpv6": 58, "eigrp": 88, "ospf": 89, "pim": 103, "vrrp": 112, "sctp": 132, "udplite": 136,
}  # fmt: skip
"""IANA numbers of the protocols that tables name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The columns that a tool writes.

    Attributes:
        name: Of the layout, as a model remembers it.
        needed: Columns by which it is recognised, in small letters; all must be there.
        columns: Our identity and measured `conn` columns, and how they come of the table's; an expression is left out
            where one of its columns is not there.
        text: Columns that are text, in small letters.
        labels: Columns with a class, in small letters.
        identifiers: Columns that tell who, when or which row, and so are no features, in small letters.
        groups: Feature groups whose columns it has under our names.
        header: The columns where files have no header.
    """

    name: str
    needed: frozenset[str]
    columns: Mapping[str, pl.Expr] = field(default_factory=dict)
    text: frozenset[str] = frozenset()
    labels: tuple[str, ...] = ()
    identifiers: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    header: tuple[str, ...] = ()

    def fits(self, names: Sequence[str]) -> bool:
        """Whether a table has the columns of this layout."""
        return self.needed <= {name.strip().lower() for name in names}


LayoutTest = Callable[[Sequence[str]], bool]


def number(name: str, factor: float = 1) -> pl.Expr:
    """Read a column as a whole number, in another unit."""
    return (pl.col(name) * factor).round().cast(pl.Int64, strict=False)


def clock(name: str, factor: float = 1) -> pl.Expr:
    """Read a time that is counted since 1970; the factor makes microseconds of it."""
    us = number(name, factor)
    return pl.when(us.is_between(0, 4_102_444_800_000_000)).then(us).cast(pl.Datetime("us", "UTC"))


def text_clock(name: str) -> pl.Expr:
    """Read a time that is written out, in any of the usual forms; UTC."""
    tries = [pl.col(name).str.to_datetime(form, time_unit="us", strict=False) for form in _TEXT_TIMES]
    return pl.coalesce(tries).dt.replace_time_zone("UTC")


def zoned_clock(name: str) -> pl.Expr:
    """Read a time that is written with its zone, as ISO 8601 has it."""
    return pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False)


def protocol_name(name: str) -> pl.Expr:
    """Read a protocol by its name or number."""
    lower = pl.col(name).str.to_lowercase()
    return pl.coalesce(
        lower.replace_strict(dict(PROTOCOLS), default=None, return_dtype=pl.Int64), lower.cast(pl.Int64, strict=False)
    )


def flag(name: str, bit: int) -> pl.Expr:
    """Read one of the TCP flags that a column unites, as an indicator."""
    return ((number(name) & bit) != 0).cast(pl.Int64)


def seen(name: str) -> pl.Expr:
    """Read a count as an indicator."""
    return (pl.col(name) > 0).cast(pl.Int64)
