"""From the records of finished flows to the flow table that the user sees."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from clan.flows.columns import Columns, collect, new_columns
from clan.flows.conn import collect_conn
from clan.flows.jit import Int, kernel
from clan.flows.packet import ICMP, ICMPV6, SCTP, TCP, UDP, UDPLITE
from clan.flows.payload import collect_payload
from clan.flows.prefetch import prefetch
from clan.flows.state import LINE, STATE
from clan.flows.table import Table
from clan.flows.text import LINE_LENGTH, new_text_scratch, write_identity
from clan.schema import CONN_MEASURED, IDENTITY, Feature, features_of

_TEXT_COLUMNS: Final = ("uid", "community_id", "src_ip", "dst_ip", "vlan", "tunnel")
_MEASURED: Final[dict[str, tuple[Feature, ...]]] = {
    "flow": features_of(["flow"]),
    "conn": tuple(feature for feature in features_of(["conn"]) if feature.name in CONN_MEASURED),
    "payload": features_of(["payload"]),
}
_WITH_PORTS: Final = (TCP, UDP, UDPLITE, SCTP, ICMP, ICMPV6)
_RECORD_LINES: Final = STATE.itemsize // LINE
_AHEAD: Final = 4  # records whose memory is asked for ahead of their turn


class GroupColumns(NamedTuple):
    """Room for the columns of each group; none for a group that nobody wants."""

    flow: Columns
    conn: Columns
    payload: Columns


def make_frame(
    table: Table, slots: npt.NDArray[np.int64], *, source: str, early: bool | None, groups: Sequence[str] = ("flow",)
) -> pl.DataFrame:
    """Make the rows of some finished flows.

    Args:
        table: The flows; the payload that waits has been digested.
        slots: Which of them, in the order of the rows.
        source: The `source` column.
        early: Value of the `early` column; None: no such column.
        groups: Feature groups to compute: `flow`, `conn`, `payload`.

    Returns:
        The columns of `clan.schema.IDENTITY`, then those of the groups; of `conn` the measured ones.
    """
    n = slots.size
    numbers = np.empty((5, n), np.int64)
    text = np.empty(n * LINE_LENGTH, np.uint8)
    columns = GroupColumns(
        *(new_columns(len(_MEASURED[name]) if name in groups else 0, n) for name in GroupColumns._fields)
    )
    used = describe(table, slots, new_text_scratch(), numbers, text, columns)
    names = pl.read_csv(
        io.BytesIO(text[:used].tobytes()),
        has_header=False,
        new_columns=list(_TEXT_COLUMNS),
        schema_overrides=[pl.String] * len(_TEXT_COLUMNS),
        quote_char=None,
    )
    start, end, src_port, dst_port, protocol = (pl.Series(row) for row in numbers)
    has_ports = protocol.is_in(_WITH_PORTS)
    identity = {name: names[name] for name in _TEXT_COLUMNS} | {
        "ts_start": start.cast(IDENTITY["ts_start"]),
        "ts_end": end.cast(IDENTITY["ts_end"]),
        "src_port": src_port.set(~has_ports, None),
        "dst_port": dst_port.set(~has_ports, None),
        "protocol": protocol,
        "source": pl.repeat(source, n, dtype=pl.String, eager=True),
    }
    series = {name: identity[name] for name in IDENTITY}
    for group in groups:
        made = columns._asdict()[group]
        for i, feature in enumerate(_MEASURED[group]):
            if group == "payload":  # NaN is null there
                series[feature.name] = pl.Series(made.real[i, :n], nan_to_null=True).cast(feature.dtype)
            else:
                series[feature.name] = pl.Series((made.whole if feature.integer else made.real)[i, :n])
    if early is not None:
        series["early"] = pl.repeat(early, n, dtype=pl.Boolean, eager=True)
    return pl.DataFrame(series)


@kernel
def describe(table: Table, slots: Any, scratch: Any, numbers: Any, text: Any, columns: GroupColumns) -> Int:
    """Write identity and features of some flows; gives the bytes of text written."""
    at = 0
    flows = table.flows
    for i in range(slots.size):
        if i + _AHEAD < slots.size:
            for line in range(_RECORD_LINES):
                prefetch(flows, slots[i + _AHEAD], line * LINE)
        flow = flows[slots[i]]
        at = write_identity(flow, scratch, numbers, i, text, at)
        if columns.flow.real.size > 0:
            collect(flow, columns.flow, i)
        if columns.conn.real.size > 0:
            collect_conn(flow, columns.conn, i)
        if columns.payload.real.size > 0:
            collect_payload(table.payload, slots[i], columns.payload, i)
    return at
