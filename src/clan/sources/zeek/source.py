"""Zeek's `conn.log` as a source of flows, with what the logs beside it say."""

from __future__ import annotations

import polars as pl

from clan.errors import UnsupportedFormat
from clan.sources.records import Parsed, first_object, record_opener
from clan.sources.zeek.beside import LogBeside, logs_beside
from clan.sources.zeek.conn import CONN_FIELDS, NEEDED, measured, told
from clan.sources.zeek.header import Header
from clan.sources.zeek.log import ZeekLog, leading_header


class ConnParser:
    """What is particular to conn.log.

    Args:
        path: Where it lies; logs beside it are joined.
        keep_records: Keep each line.
        follow: The logs grow.

    Raises:
        SourceUnavailable: A log beside it cannot be read.
    """

    kind = "zeek"

    def __init__(self, path: str, *, keep_records: bool = False, follow: bool = False) -> None:
        self._log = ZeekLog("conn", CONN_FIELDS, keep_records=keep_records)
        self._empty = measured(self._log.empty(), None)
        self._missing: set[str] = set()
        self._beside: dict[str, LogBeside] = {}
        try:
            for name, place in logs_beside(path).items():
                self._beside[name] = LogBeside(name, place, follow=follow)
        except BaseException:
            self.close()
            raise

    def parse(self, piece: bytes) -> Parsed:
        """Make rows of whole lines."""
        out = Parsed(pl.DataFrame())
        tables = []
        for part, names in self._log.parse(piece):
            out.counts.update(part.counts)
            out.bad += part.bad
            if names is not None:
                self._missing |= set(NEEDED) - names
            tables.append(measured(part.frame, names))
        out.frame = pl.concat(tables) if tables else self._empty
        return out

    def rest(self) -> Parsed | None:
        """Give nothing: every line is a flow."""
        return None

    def enrich(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Name what the words say, and join the logs beside."""
        frame = told(frame)
        for log in self._beside.values():
            frame = log.join(frame)
        return frame

    def header_in(self, head: bytes) -> bytes:
        """Give the lines that name the columns."""
        return leading_header(head)

    def counts(self) -> dict[str, int]:
        """Give how many records of the logs beside met no connection, or were none."""
        logs = self._beside.values()
        return {"unjoined_records": sum(g.unjoined for g in logs), "malformed_records_beside": sum(g.bad for g in logs)}

    def warnings(self) -> list[str]:
        """Say which columns a log would need."""
        if not self._missing:
            return []
        return [f"its header lacks {', '.join(sorted(self._missing))}, without which a line is no connection"]

    def close(self) -> None:
        """Close the logs beside."""
        for log in self._beside.values():
            log.close()


open_zeek = record_opener(ConnParser)
"""Opens a conn.log, or the parts of one, as `clan.sources.formats.SourceFormat` has it; logs beside it are joined."""


def is_conn_log(head: bytes, _path: str) -> bool:
    """Recognise a conn.log, TSV or JSON, by its first bytes."""
    if head.startswith(b"#"):
        header = _header(head)
        return header is not None and (header.path == "conn" or (not header.path and set(NEEDED) <= set(header.names)))
    first = first_object(head)
    return set(NEEDED) <= first.keys() and first.get("_path", "conn") == "conn" and bool(first.keys() & _ONLY_CONN)


_ONLY_CONN = {"conn_state", "orig_pkts", "history", "missed_bytes"}
"""Keys that no other log with addresses has."""


def why_no_conn_log(head: bytes, _path: str) -> str | None:
    """Say what another Zeek log is for; None where it is no Zeek log."""
    if head.startswith(b"#separator"):
        header = _header(head)
        name = header.path if header else ""
        if name in ("dns", "ssl", "http"):
            return f"it is a Zeek {name}.log, which is joined where it lies beside a conn.log of the same name"
        return (
            f"it is a Zeek {name or 'log without #fields or #path'}{'.log' * bool(name)}; connections are in conn.log"
        )
    first = first_object(head)
    if {"ts", "uid", "id.orig_h"} <= first.keys():
        return (
            f"it is a Zeek {first.get('_path', 'log in JSON')}, and not conn.log: it has no conn_state and no orig_pkts"
        )
    return None


def _header(head: bytes) -> Header | None:
    lines = [line.decode("utf-8", "replace") for line in head.split(b"\n")[:64]]
    try:
        return Header.of([line.rstrip("\r") for line in lines if line.startswith("#")])
    except UnsupportedFormat:
        return None
