"""Where flows come from: one file or folder for each format, each "open, iterate batches of flows, close"."""

from clan.sources.base import EndlessReader, Source
from clan.sources.cutting import Frame, WantedFlow, cut_flows, write_pcap
from clan.sources.follow import FollowReader
from clan.sources.formats import FORMATS, SourceFormat
from clan.sources.groups import USUAL, check_groups
from clan.sources.live import LiveReader, LiveStatus
from clan.sources.netflow import NetflowReader, Place, parse_place
from clan.sources.opening import USUAL_READERS, Input, Reader, Readers, open_reader
from clan.sources.reader import FlowReader, empty_flows, read_flows
from clan.sources.redis_feed import is_redis, without_credentials
from clan.sources.report import ReadReport, told

__all__ = [
    "FORMATS",
    "USUAL",
    "USUAL_READERS",
    "EndlessReader",
    "FlowReader",
    "FollowReader",
    "Frame",
    "Input",
    "LiveReader",
    "LiveStatus",
    "NetflowReader",
    "Place",
    "ReadReport",
    "Reader",
    "Readers",
    "Source",
    "SourceFormat",
    "WantedFlow",
    "check_groups",
    "cut_flows",
    "empty_flows",
    "is_redis",
    "open_reader",
    "parse_place",
    "read_flows",
    "told",
    "without_credentials",
    "write_pcap",
]
