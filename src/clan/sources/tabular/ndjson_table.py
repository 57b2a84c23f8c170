"""Flows that clan wrote as NDJSON, an object a line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from clan.errors import MalformedRecord, UnsupportedFormat
from clan.schema import CARRIED, GROUPS, IDENTITY
from clan.sources.records.lines import LineReader, lines_of
from clan.sources.tabular.headers.own import OWN
from clan.sources.tabular.table_source import TextTable

_TYPES = {
    **{name: pl.String() if dtype.is_temporal() else dtype for name, dtype in {**IDENTITY, **CARRIED}.items()},
    **{feature.name: feature.dtype for features in GROUPS.values() for feature in features},
}
"""Columns as they are read; times are text, as in CSV."""


class NdjsonSource(TextTable):
    """A table of flows that clan wrote as NDJSON; the first line has the columns."""

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flows in the order of the file, so that scores align with rows."""
        for stream in self._streams:
            before = self.bytes_read
            lines, schema = LineReader(stream), None
            for piece in lines.pieces():
                if schema is None:
                    schema = self._schema(piece)
                    rows = self._begin(schema, self._layout(list(schema)))
                frame = self._parse(piece, schema)
                self.bytes_read = before + stream.position()
                if frame.height:
                    yield rows.flows(frame)
            self._note_end(lines, stream)
            self.bytes_read = before + stream.position()

    def _schema(self, piece: bytes) -> dict[str, pl.DataType]:
        """Read the columns of the first line: known ones have their types, others are numbers unless they are text."""
        values = first_object(piece)
        if values is None or not OWN.fits(list(values)):
            raise UnsupportedFormat(f"{self.name} is no table of flows: its first line is {piece[:60]!r}")
        return {name: _TYPES.get(name, _type_of(value)) for name, value in values.items()}

    def _parse(self, piece: bytes, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
        """Read whole lines at once, or line by line where one is damaged."""
        lines = lines_of(piece)
        self._counts["records"] += len(lines)
        try:
            frame = pl.read_ndjson(io.BytesIO(b"\n".join(lines)), schema=schema)
            if frame.height == len(lines):
                return frame
        except pl.exceptions.PolarsError:
            pass
        frames = []
        for line in lines:
            try:
                frames.append(pl.read_ndjson(io.BytesIO(line), schema=schema))
            except pl.exceptions.PolarsError as error:
                if self._strict:
                    raise MalformedRecord(f"{self.name}: a line that is no flow: {line[:60]!r}") from error
                self._counts["malformed_records"] += 1
        return pl.concat(frames) if frames else pl.DataFrame(schema=schema)


def first_object(head: bytes) -> dict[str, Any] | None:
    """Read the object in the first line; None where there is none."""
    try:
        value = json.loads(head.partition(b"\n")[0])
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def is_ndjson(head: bytes, _path: str) -> bool:
    """Recognise flows that clan wrote as NDJSON by the keys of their first line."""
    return head.startswith(b"{") and OWN.fits(list(first_object(head) or ()))


def _type_of(value: object) -> pl.DataType:
    return pl.String() if isinstance(value, str) else pl.Float64()
