"""Records of flows, whatever tool wrote them: lines in pieces, one bad line costs one line, order, flow table."""

from clan.sources.records.lines import LineReader, lines_of
from clan.sources.records.ndjson import parse_ndjson
from clan.sources.records.order import Reorder
from clan.sources.records.parsed import BadLine, Parsed, salvage
from clan.sources.records.source import KEPT, RecordParser, RecordSource
from clan.sources.records.table import checked, flow_table

__all__ = [
    "KEPT",
    "BadLine",
    "LineReader",
    "Parsed",
    "RecordParser",
    "RecordSource",
    "Reorder",
    "checked",
    "flow_table",
    "lines_of",
    "parse_ndjson",
    "salvage",
]
