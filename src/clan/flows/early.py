"""Long flows that are told of before they end."""

from __future__ import annotations

from typing import Any, Final

from clan.flows.jit import Int, kernel
from clan.flows.payload import copy_payload
from clan.flows.profile import Rules
from clan.flows.state import BACKWARD, FORWARD
from clan.flows.table import Table, take_slot

EARLY: Final = 5
"""Phase of the copy of a flow that goes on; see `clan.flows.state` for the others."""


@kernel
def becomes_long(flow: Any, before: Int, rules: Rules) -> bool:
    """Tell whether the newest packet of a flow, whose last one came at `before`, is the one that makes it long."""
    n = flow.ways[FORWARD].packets + flow.ways[BACKWARD].packets
    if n > rules.early_packets or before - flow.first_ts >= rules.early_age:
        return False
    return n == rules.early_packets or flow.last_ts - flow.first_ts >= rules.early_age


@kernel
def copy_flow(table: Table, slot: Int, counts: Any) -> Int:
    """Copy the record of a flow into a slot that no key finds; gives that slot."""
    copy = take_slot(table)
    table.flows[copy] = table.flows[slot]
    table.flows[copy].phase = EARLY
    copy_payload(table.payload, slot, copy, counts)
    return copy
