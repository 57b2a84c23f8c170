"""NetFlow v5, v9 and IPFIX over UDP, and the files of nfdump: records of one direction, joined to flows."""

from clan.sources.netflow.listener import Place, parse_place
from clan.sources.netflow.nfcapd import NfcapdFeed, NfcapdStream, finished_files
from clan.sources.netflow.nfdump import NfdumpSource, is_nfdump
from clan.sources.netflow.reader import NetflowReader

__all__ = [
    "NetflowReader",
    "NfcapdFeed",
    "NfcapdStream",
    "NfdumpSource",
    "Place",
    "finished_files",
    "is_nfdump",
    "parse_place",
]
