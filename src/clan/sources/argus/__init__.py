"""Argus: bidirectional flow records as CSV, as `ra` writes them and as they are published as `binetflow`."""

from clan.sources.argus.source import GROUPS, ArgusParser, is_argus, open_argus

__all__ = ["GROUPS", "ArgusParser", "is_argus", "open_argus"]
