"""Groups of flows that have a threshold each: by server, client, service, protocol, hour or weekday."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.calibrate.budget import Budget
from clan.errors import ConfigError, SchemaError, UnknownNameError

Ints = NDArray[np.int64]

MIN_RANK_IN_GROUP: Final = 10
"""A group has its own threshold where at least this many of its n + 1 flows may alert."""

KEYS = MappingProxyType(
    {
        "server": (pl.col("dst_ip"), ("dst_ip",)),
        "client": (pl.col("src_ip"), ("src_ip",)),
        "service": (pl.format("{}/{}", "protocol", "dst_port"), ("protocol", "dst_port")),
        "protocol": (pl.col("protocol"), ("protocol",)),
        "hour": (pl.col("ts_start").dt.hour(), ("ts_start",)),
        "weekday": (pl.col("ts_start").dt.weekday(), ("ts_start",)),
    }
)
"""What flows can be grouped by: how it is told, from which columns. Hours (0 to 23) and weekdays (1 = Monday) are
those of UTC, in which flows are timed."""

Key = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Groups:
    """A partition of all flows.

    The keys go from coarse to fine. A flow belongs to the group that agrees with the most of its first keys; group 0
    agrees with none and takes the rest, those of hosts and hours that the calibration did not see among them.

    Attributes:
        by: Names in `KEYS`.
        cells: What the flows of each group agree on, the first of the keys; `cells[0]` is `()`.
    """

    by: tuple[str, ...]
    cells: tuple[Key, ...]

    def assign(self, flows: pl.DataFrame) -> Ints:
        """Find the group of each flow; shape `(n,)`.

        Raises:
            SchemaError: The flows lack a column that the keys need.
        """
        return _assign(_keys(flows, self.by), self.cells)


def check_keys(by: Sequence[str], budget: Budget | None = None) -> None:
    """Raise unless all names are keys, and the budget goes with them.

    Raises:
        UnknownNameError: One is not.
        ConfigError: Groups, and a budget of incidents.
    """
    if by and budget is not None and budget.incidents_per_day is not None:
        raise ConfigError("a budget of incidents goes with one threshold: leave the groups out, or ask for alerts")
    for name in by:
        if name not in KEYS:
            raise UnknownNameError("group key", name, KEYS)


def find_groups(flows: pl.DataFrame, by: Sequence[str], alpha: float) -> Groups:
    """Partition flows so that every group is large enough for a threshold of its own.

    Flows are grouped by all keys first; those of groups that are too small by all but the last, and so on. What is
    left at the end is group 0, and small groups join it until it is large enough too. Only counts decide, no score:
    so the p-values of every group keep their guarantee, and with them the budget over all.

    Args:
        flows: The calibration flows.
        by: Names in `KEYS`, coarse to fine.
        alpha: Largest p-value that alerts, in (0, 1).

    Source:
        Vovk et al. 2005, section 4.5: Mondrian conformal predictors.

    Raises:
        SchemaError: The flows lack a column that the keys need.
        UnknownNameError: See `check_keys`.
    """
    check_keys(by)
    least = int(np.ceil(MIN_RANK_IN_GROUP / alpha)) - 1
    left, found = _keys(flows, by), list[tuple[Key, int]]()
    for depth in range(len(by), 0, -1):
        names = list(by[:depth])
        large = left.group_by(names).len().filter(pl.col("len") >= least).sort(names)
        found += [(tuple(row[:-1]), row[-1]) for row in large.rows()]
        left = left.join(large, on=names, how="anti")
    rest, sizes = left.height, dict(found)
    while 0 < rest < least and sizes:
        # only a group whose flows no coarser one would take can give them to group 0
        outer = [key for key in sizes if not any(key[:depth] in sizes for depth in range(1, len(key)))]
        smallest = min(outer, key=lambda key: (sizes[key], key))
        rest += sizes.pop(smallest)
    return Groups(by=tuple(by), cells=((), *sorted(sizes)))


def _keys(flows: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    missing = sorted({c for name in by for c in KEYS[name][1]} - set(flows.columns))
    if missing:
        raise SchemaError(
            f"thresholds by {', '.join(by)} need the columns {', '.join(missing)}, which this table lacks; "
            "give a flow table, or a model without groups"
        )
    return flows.select(KEYS[name][0].cast(pl.String).fill_null("?").alias(name) for name in by)


def _assign(keys: pl.DataFrame, cells: Sequence[Key]) -> Ints:
    by, found = keys.columns, pl.Series([None], dtype=pl.Int64).new_from_index(0, keys.height)
    for depth in range(len(by), 0, -1):
        known = [(*cell, number) for number, cell in enumerate(cells) if len(cell) == depth]
        if known:
            names = by[:depth]
            schema = dict.fromkeys(names, pl.String) | {"number": pl.Int64()}
            table = pl.DataFrame(known, schema=schema, orient="row")
            number = keys.join(table, on=names, how="left", maintain_order="left")["number"]
            found = found.zip_with(found.is_not_null(), number)
    return found.fill_null(0).to_numpy()
