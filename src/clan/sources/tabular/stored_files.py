"""Looking into files for flows that clan wrote: one function for each format that it writes."""

from __future__ import annotations

import polars as pl

from clan.sources.base import stream_name
from clan.sources.packets import STDIN
from clan.sources.tabular.csv_file import header_of
from clan.sources.tabular.ndjson_table import first_object
from clan.sources.tabular.stored import METADATA_KEY, Stored, stored_of
from clan.sources.tabular.table_source import separator_of


def stored_in_parquet(_head: bytes, path: str) -> Stored | None:
    """Look at schema and metadata; None where they cannot be read, which whoever reads the rows will say."""
    if path == STDIN or stream_name(path) != path:
        return None
    try:
        names = list(pl.read_parquet_schema(path))
        return stored_of(names, pl.read_parquet_metadata(path).get(METADATA_KEY))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        return None


def stored_in_csv(head: bytes, _path: str) -> Stored | None:
    """Look at the header line."""
    line = head.partition(b"\n")[0]
    separator = separator_of(line.decode("utf-8", errors="replace"))
    return None if separator is None else stored_of(header_of(line, separator))


def stored_in_ndjson(head: bytes, _path: str) -> Stored | None:
    """Look at the keys of the first line."""
    return stored_of(list(first_object(head) or ()))
