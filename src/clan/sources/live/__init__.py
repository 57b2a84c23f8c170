"""Live capture: interfaces as sources of flows, through a tool that holds the privilege."""

from clan.sources.live.reader import LiveReader, LiveStatus
from clan.sources.live.source import LiveSource
from clan.sources.live.tool import TOOLS

__all__ = ["TOOLS", "LiveReader", "LiveSource", "LiveStatus"]
