"""From packets to flows: one compiled kernel, steered by a record of rules."""

from clan.flows.assemble import Packets
from clan.flows.counters import COUNTERS
from clan.flows.engine import PACKET_GROUPS, FlowEngine
from clan.flows.jit import compiled_before, kernel
from clan.flows.packet import PROTOCOL_NAMES
from clan.flows.profile import PROFILES, EarlyReports, FlowSettings, profile

__all__ = [
    "COUNTERS",
    "PACKET_GROUPS",
    "PROFILES",
    "PROTOCOL_NAMES",
    "EarlyReports",
    "FlowEngine",
    "FlowSettings",
    "Packets",
    "compiled_before",
    "kernel",
    "profile",
]
