"""Records of flows, whatever tool wrote them: lines in pieces, one bad line costs one line, order, flow table."""

from clan.sources.records.followed import FollowedFile, Position
from clan.sources.records.lines import LineReader, lines_of
from clan.sources.records.ndjson import first_object, parse_ndjson
from clan.sources.records.order import Reorder
from clan.sources.records.parsed import BadLine, Parsed, salvage
from clan.sources.records.source import RecordSource, record_opener
from clan.sources.records.stream import KEPT, RecordParser, RecordStream
from clan.sources.records.table import checked, flow_table
from clan.sources.records.words import by_word, service_columns

__all__ = [
    "KEPT",
    "BadLine",
    "FollowedFile",
    "LineReader",
    "Parsed",
    "Position",
    "RecordParser",
    "RecordSource",
    "RecordStream",
    "Reorder",
    "by_word",
    "checked",
    "first_object",
    "flow_table",
    "lines_of",
    "parse_ndjson",
    "record_opener",
    "salvage",
    "service_columns",
]
