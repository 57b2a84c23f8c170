"""From the records of finished flows to the flow table that the user sees."""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from clan.flows.columns import Columns, collect, new_columns
from clan.flows.jit import Int, kernel
from clan.flows.packet import ICMP, ICMPV6, SCTP, TCP, UDP, UDPLITE
from clan.flows.prefetch import prefetch
from clan.flows.state import LINE, STATE
from clan.flows.text import LINE_LENGTH, new_text_scratch, write_identity
from clan.schema import IDENTITY, features_of

_TEXT_COLUMNS: Final = ("uid", "community_id", "src_ip", "dst_ip", "vlan", "tunnel")
_FEATURES: Final = features_of(["flow"])
_WITH_PORTS: Final = (TCP, UDP, UDPLITE, SCTP, ICMP, ICMPV6)
_RECORD_LINES: Final = STATE.itemsize // LINE
_AHEAD: Final = 4  # records whose memory is asked for ahead of their turn


def make_frame(flows: Any, slots: npt.NDArray[np.int64], *, source: str, early: bool | None) -> pl.DataFrame:
    """Make the rows of some finished flows.

    Args:
        flows: `STATE` records.
        slots: Which of them, in the order of the rows.
        source: The `source` column.
        early: Value of the `early` column; None: no such column.

    Returns:
        The columns of `clan.schema.IDENTITY`, then those of group `flow`.
    """
    n = slots.size
    numbers = np.empty((5, n), np.int64)
    text = np.empty(n * LINE_LENGTH, np.uint8)
    columns = new_columns(len(_FEATURES), n)
    used = describe(flows, slots, new_text_scratch(), numbers, text, columns)
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
    table = {name: identity[name] for name in IDENTITY}
    for i, feature in enumerate(_FEATURES):
        table[feature.name] = pl.Series((columns.whole if feature.integer else columns.real)[i, :n])
    if early is not None:
        table["early"] = pl.repeat(early, n, dtype=pl.Boolean, eager=True)
    return pl.DataFrame(table)


@kernel
def describe(flows: Any, slots: Any, scratch: Any, numbers: Any, text: Any, columns: Columns) -> Int:
    """Write identity and features of some flows; gives the bytes of text written."""
    at = 0
    for i in range(slots.size):
        if i + _AHEAD < slots.size:
            for line in range(_RECORD_LINES):
                prefetch(flows, slots[i + _AHEAD], line * LINE)
        flow = flows[slots[i]]
        at = write_identity(flow, scratch, numbers, i, text, at)
        collect(flow, columns, i)
    return at
