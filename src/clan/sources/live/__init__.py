"""Live capture: interfaces as sources of flows, through a tool that holds the privilege."""

from clan.sources.live.reader import LiveReader, LiveStatus
from clan.sources.live.source import LiveSource
from clan.sources.live.tool import TOOLS, check_interface, usable_tools

__all__ = ["TOOLS", "LiveReader", "LiveSource", "LiveStatus", "check_interface", "usable_tools"]
