"""The logs beside a `conn.log`: what dns.log, ssl.log and http.log say of a connection, joined by its uid.

All logs are read in step, each as far as the connections at hand have come, so memory holds the records of the
connections that are still open, and of those at most `MOST_HELD`; the oldest leave first, and are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl

from clan.sources.packets import STDIN, ByteStream
from clan.sources.records import FollowedFile, LineReader
from clan.sources.zeek.log import ZeekLog

MOST_HELD: Final = 1 << 18
"""Records of one log that wait for their connections."""
AHEAD_S: Final = 600.0
"""How far a log is read ahead of the connections: it writes some records when it gives up waiting for an answer."""

_TEXT, _WHOLE, _LIST = pl.String(), pl.Int64(), pl.List(pl.String())
_FIELDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "dns": {"query": _TEXT, "answers": _LIST, "rcode": _WHOLE},
    "ssl": {
        "version": _TEXT,
        "established": pl.Boolean(),
        "resumed": pl.Boolean(),
        "cert_chain_fuids": _LIST,
        "cert_chain_fps": _LIST,
    },
    "http": {"method": _TEXT, "status_code": _WHOLE, "request_body_len": _WHOLE, "response_body_len": _WHOLE},
}
_COMMON: Final[Mapping[str, Any]] = {"ts": pl.Float64(), "uid": _TEXT}
_method = pl.col("method").str.to_uppercase()
_NUMBERS: Final[Mapping[str, Mapping[str, tuple[pl.Expr, str]]]] = {
    "dns": {
        "conn_dns_queries": (pl.lit(1), "sum"),
        "conn_dns_query_length": (pl.col("query").str.len_chars(), "max"),
        "conn_dns_answers": (pl.col("answers").list.len(), "sum"),
        "conn_dns_failures": (pl.col("rcode") > 0, "sum"),
    },
    "ssl": {
        "conn_tls_version": (pl.col("version").str.extract(r"v(\d{1,3})$").cast(pl.Int64), "max"),
        "conn_tls_established": (pl.col("established"), "max"),
        "conn_tls_resumed": (pl.col("resumed"), "max"),
        "conn_tls_certificates": (pl.coalesce("cert_chain_fuids", "cert_chain_fps").list.len(), "max"),
    },
    "http": {
        "conn_http_requests": (pl.lit(1), "sum"),
        "conn_http_unusual_methods": (~_method.is_in(["GET", "HEAD", "POST"]), "sum"),
        "conn_http_posts": (_method == "POST", "sum"),
        "conn_http_errors": (pl.col("status_code") >= 400, "sum"),
        "conn_http_request_body": (pl.col("request_body_len").clip(0), "sum"),
        "conn_http_response_body": (pl.col("response_body_len").clip(0), "sum"),
    },
}
"""For each log the columns that come of it: from one record, and how several records of a connection make one."""


class LogBeside:
    """One of the logs beside.

    Args:
        name: ``dns``, ``ssl`` or ``http``.
        path: Where it lies.
        follow: It grows: its end is not the end of it.

    Raises:
        SourceUnavailable: It cannot be read.
    """

    def __init__(self, name: str, path: str, *, follow: bool = False) -> None:
        self.unjoined = self.bad = 0
        """Records whose connection was not in the conn.log, or came too late for them; lines that were none."""
        self._columns = _NUMBERS[name]
        self._log = ZeekLog(name, {**_COMMON, **_FIELDS[name]})
        self._file: FollowedFile | ByteStream = FollowedFile(path) if follow else ByteStream(path)
        if isinstance(self._file, FollowedFile):
            self._pieces = self._file.pieces()
        else:
            self._pieces = LineReader(self._file, piece_bytes=2 << 20).pieces()
        self._seen_s = float("-inf")
        self._held = pl.DataFrame(schema={"uid": _TEXT, **dict.fromkeys(self._columns, _WHOLE)})

    def join(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add the columns of this log to connections, in order of their ends; 0 where it says nothing of one."""
        ends = frame["ts_end"].dt.epoch("us").to_numpy()
        self._read_until(float(ends.max()) / 1e6 + AHEAD_S if len(ends) else 0.0)
        wanted = self._held.join(frame.select("uid"), on="uid", how="semi")
        self._held = self._held.join(frame.select("uid"), on="uid", how="anti")
        if self._held.height > MOST_HELD:
            self.unjoined += self._held.height - MOST_HELD
            self._held = self._held[-MOST_HELD:]
        ways = {"sum": pl.Expr.sum, "max": pl.Expr.max}
        each = wanted.group_by("uid").agg(ways[how](pl.col(name)) for name, (_, how) in self._columns.items())
        joined = frame.join(each, on="uid", how="left", maintain_order="left")
        return joined.with_columns(pl.col(name).fill_null(0) for name in self._columns)

    def _read_until(self, until_s: float) -> None:
        """Read on until a record is younger than that."""
        while self._seen_s < until_s and (piece := next(self._pieces, b"")):
            for parsed, _ in self._log.parse(piece):
                self.bad += parsed.counts["malformed_records"]
                rows = parsed.frame.filter(pl.col("uid").is_not_null())
                if rows.height:
                    self._seen_s = max(self._seen_s, float(rows["ts"].max() or 0))  # type: ignore[arg-type]
                numbers = rows.select(
                    "uid", **{n: e.cast(pl.Int64).fill_null(0) for n, (e, _) in self._columns.items()}
                )
                self._held = pl.concat([self._held, numbers])

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self.unjoined += self._held.height
        self._held = self._held.clear()
        self._file.close()


def logs_beside(conn: str) -> dict[str, str]:
    """Find the logs that lie beside a conn.log, and are called like it: `dns.log`, `dns.08:00:00-09:00:00.log.gz`.

    Example:
        >>> logs_beside("/nowhere/conn.log")
        {}
    """
    path = Path(conn)
    if conn == STDIN or "conn" not in path.name:
        return {}
    found = {name: path.with_name(path.name.replace("conn", name, 1)) for name in _NUMBERS}
    return {name: str(beside) for name, beside in found.items() if beside.is_file()}


def names_beside(conn: str) -> list[str]:
    """List the logs that are joined to a conn.log, those of `logs_beside`."""
    return list(logs_beside(conn).values())
