"""From the records of finished flows to the measured columns of group `conn`."""

from __future__ import annotations

from typing import Any

import numpy as np

from clan.flows.columns import Columns
from clan.flows.jit import Int, kernel
from clan.flows.state import BACKWARD, FORWARD

IPV4_HEADER = 20
IPV6_HEADER = 40


@kernel
def collect_conn(flow: Any, out: Columns, i: Int) -> None:
    """Write what group `conn` measures of a flow (a `STATE` record) into place i, in the order of `clan.schema`."""
    header = IPV4_HEADER if flow.key[4] & np.uint64(0xFF) == 4 else IPV6_HEADER
    out.whole[0, i] = flow.last_ts - flow.first_ts
    for way in (FORWARD, BACKWARD):
        side = flow.ways[way]
        out.whole[1 + way, i] = side.packets
        out.whole[3 + way, i] = side.packets * header + side.between + side.header_bytes + side.bytes
        out.whole[5 + way, i] = side.bytes
        out.whole[7 + way, i] = side.syn > 0
        out.whole[9 + way, i] = side.fin > 0
        out.whole[11 + way, i] = side.rst > 0
