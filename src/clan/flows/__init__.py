"""From packets to flows: one compiled kernel, steered by a record of rules."""

from clan.flows.addresses import address_words, describe_endpoints
from clan.flows.assemble import Packets
from clan.flows.counters import COUNTERS
from clan.flows.endpoints import icmp_ports, identify, warm_up_identity
from clan.flows.engine import PACKET_GROUPS, FlowEngine
from clan.flows.instants import read_times
from clan.flows.jit import Int, compiled_before, kernel
from clan.flows.packet import PROTOCOL_NAMES
from clan.flows.profile import PROFILES, EarlyReports, FlowSettings, profile
from clan.flows.row_uid import RowUids
from clan.flows.text import mix

__all__ = [
    "COUNTERS",
    "PACKET_GROUPS",
    "PROFILES",
    "PROTOCOL_NAMES",
    "EarlyReports",
    "FlowEngine",
    "FlowSettings",
    "Int",
    "Packets",
    "RowUids",
    "address_words",
    "compiled_before",
    "describe_endpoints",
    "icmp_ports",
    "identify",
    "kernel",
    "mix",
    "profile",
    "read_times",
    "warm_up_identity",
]
