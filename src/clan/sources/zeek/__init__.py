"""Zeek logs: `conn.log`, TSV or JSON, with `dns.log`, `ssl.log` and `http.log` beside it."""

from clan.sources.zeek.beside import names_beside
from clan.sources.zeek.source import ConnParser, is_conn_log, open_zeek, why_no_conn_log

__all__ = ["ConnParser", "is_conn_log", "names_beside", "open_zeek", "why_no_conn_log"]
