"""Small captures cut out of large ones: the packets of a few flows."""

from clan.sources.cutting.cut import Frame, cut_flows, write_pcap
from clan.sources.cutting.finder import FlowFinder, WantedFlow

__all__ = ["FlowFinder", "Frame", "WantedFlow", "cut_flows", "write_pcap"]
