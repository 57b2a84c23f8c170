"""The same rule over a table: which incident each flow of it would be in, and how many that makes."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.alerts.group import Flow, Group, GroupSettings
from clan.alerts.grouping import Grouping
from clan.errors import DataError

_COLUMNS = ("source", "ts_end", "src_ip", "dst_ip", "protocol", "src_port", "dst_port")


def group_flows(flows: pl.DataFrame, settings: GroupSettings | None = None) -> NDArray[np.int64]:
    """Number the incidents that flows would make if each of them raised an alert.

    Args:
        flows: Flows with the identity columns, in the order in which a source gives them (of `ts_end` in each stream);
            those that alert, or would at the threshold that is tried.
        settings: When flows belong together.

    Returns:
        A number from 0 for each row, shape `(n,)`; -1 where a flow has no addresses and so belongs to no incident.

    Raises:
        DataError: A column is missing.
    """
    missing = [name for name in _COLUMNS if name not in flows.columns]
    if missing:
        raise DataError(f"flows cannot be grouped into incidents without the columns {', '.join(missing)}")
    grouping, groups = Grouping(settings), []
    for source, time_us, *rest in flows.select(
        "source", pl.coalesce("ts_end", "ts_start" if "ts_start" in flows.columns else "ts_end").dt.epoch("us"),
        *_COLUMNS[2:],
    ).iter_rows():  # fmt: skip
        known = rest[0] is not None and rest[1] is not None
        groups.append(grouping.add(Flow(source or "", time_us, *rest)).group if known else None)
    numbers: dict[int, int] = {}
    return np.array(
        [-1 if g is None else numbers.setdefault(_end_of(g).number, len(numbers)) for g in groups], np.int64
    )


def count_groups(flows: pl.DataFrame, settings: GroupSettings | None = None) -> int:
    """Count the incidents that flows would make; flows without addresses make one each. See `group_flows`."""
    numbers = group_flows(flows, settings)
    return int(numbers.max(initial=-1)) + 1 + int((numbers == -1).sum())


def _end_of(group: Group) -> Group:
    while group.into is not None:
        group = group.into
    return group
