"""Where flows come from: one file or folder for each format, each "open, iterate batches of flows, close"."""

from clan.sources.base import Source
from clan.sources.live import LiveReader, LiveStatus
from clan.sources.reader import FORMATS, FlowReader, empty_flows, read_flows
from clan.sources.report import ReadReport

__all__ = ["FORMATS", "FlowReader", "LiveReader", "LiveStatus", "ReadReport", "Source", "empty_flows", "read_flows"]
