"""Tables of flows as sources: CSV of any tool, and Parquet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import polars as pl

from clan.errors import ConfigError, SchemaError, UnsupportedFormat
from clan.flows import FlowSettings
from clan.sources.base import stream_name
from clan.sources.packets import STDIN, ByteStream, ByteStreams
from clan.sources.records import LineReader
from clan.sources.tabular.columns import ColumnMap
from clan.sources.tabular.csv_file import header_of, values_of
from clan.sources.tabular.flow_rows import GROUPS, FlowRows
from clan.sources.tabular.headers import LAYOUTS, UNKNOWN, Layout, find_layout, names_without_header
from clan.sources.tabular.rows import EMPTY, RowReader

SEPARATORS: Final = ",\t;|"
PARQUET_MAGIC: Final = b"PAR1"
_PARQUET_ROWS: Final = 1 << 17
_STRAY: Final = 0.05
"""Share of a column's first values that may be no numbers while it is still taken for a column of numbers."""


class TableSource:
    """What CSV and Parquet have in common; one file, or the parts of one table.

    Args:
        paths: Files, or `-`.
        settings: Of packets; of no meaning here.
        features: Feature groups; None: all numeric columns as `table`, or the groups that the table has by our names.
        columns: What columns mean, and which are numbers, as a model remembers it: see `remembered`.
        strict: Raise at the first line that is not as it should be.

    Raises:
        SourceUnavailable: A file cannot be opened.
        SchemaError: Not a table, or without a feature.
        ConfigError: A feature group that the table cannot tell.
    """

    kind = "table"
    groups: tuple[str, ...] = GROUPS

    def __init__(
        self,
        paths: Sequence[str],
        settings: FlowSettings,
        *,
        features: Sequence[str] | None = None,
        columns: Mapping[str, Any] | None = None,
        strict: bool = False,
    ) -> None:
        if not paths:
            raise ConfigError("a table needs at least one path")
        self.name, self.bytes_read = stream_name(paths[0]), 0
        self._paths, self._strict = list(paths), strict
        self._features = tuple(features or GROUPS[:1])
        remembered = dict(columns or {})
        self._numbers = frozenset(remembered.pop("numbers", ()))
        self._layout_name = remembered.pop("layout", None)
        self._map = ColumnMap.of(
            remembered.pop("mapping", {}) if remembered.keys() <= {"mapping"} else remembered, what="columns"
        )
        self._counts: Counter[str] = Counter({"records": 0, "flows": 0})
        self._warnings: list[str] = []
        self._rows: FlowRows | None = None

    @property
    def settings(self) -> Mapping[str, Any]:
        """What a model remembers: the layout, the mapping, and which columns are numbers."""
        if self._rows is None:
            return {}
        numbers = sorted(self._rows.features)
        return {"columns": {"layout": self._rows.layout.name, "mapping": self._map.manifest(), "numbers": numbers}}

    def _layout(self, names: Sequence[str]) -> Layout:
        base = find_layout(names)
        if self._layout_name not in (None, base.name):
            raise SchemaError(self._other_table(names, base))
        return self._map.layout(names, base, what=self.name)

    def _other_table(self, names: Sequence[str], found: Layout) -> str:
        """Say how a table differs from those that the model learnt from."""
        learnt = next((layout for layout in LAYOUTS if layout.name == self._layout_name), UNKNOWN)
        if found is UNKNOWN:
            missing = ", ".join(sorted(learnt.needed - {name.lower() for name in names}))
            return (
                f"{self.name} lacks {missing}, by which a table of {learnt.name} is recognised, and the model learnt "
                "from one"
            )
        own = "a tool that clan does not know" if learnt is UNKNOWN else learnt.name
        return f"{self.name} is a table of {found.name}, and the model learnt from one of {own}"

    def _begin(self, schema: Mapping[str, pl.DataType], layout: Layout) -> FlowRows:
        """Decide what the columns are; those of further parts must be the same."""
        if self._rows is None:
            self._rows = FlowRows(schema, layout, features=self._features, source=self.name, counts=self._counts)
            missing = sorted(self._numbers - set(self._rows.features))
            if missing:
                raise SchemaError(f"{self.name} lacks the numeric columns {_some(missing)} that the model learnt from")
            if self._rows.left_out and "table" in self._rows.groups:
                self._warnings.append(
                    f"{self.name}: columns of text are no features: {', '.join(self._rows.left_out[:12])}"
                )
            if self._rows.features and self._rows.layout.name == "clan" and "table" not in self._rows.groups:
                self._warnings.append(
                    f"{self.name}: columns of no whole feature group are no features: {_some(self._rows.features)}"
                )
        return self._rows

    def counts(self) -> dict[str, int]:
        """Give what became of every line or row so far."""
        return dict(self._counts)

    def warnings(self) -> list[str]:
        """Give what the user should know."""
        return self._warnings

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flows in the order of the file, so that scores align with rows."""
        raise NotImplementedError

    def close(self) -> None:
        """Release the file."""


class TextTable(TableSource):
    """A table of lines, read piece by piece."""

    def __init__(self, paths: Sequence[str], settings: FlowSettings, **options: Any) -> None:
        super().__init__(paths, settings, **options)
        self._streams = ByteStreams(paths, name=self.name)

    def _note_end(self, lines: LineReader, stream: ByteStream) -> None:
        """Say what of a file could not be read."""
        self._counts["overlong_lines"] += lines.overlong
        if stream.damage:
            self._warnings.append(f"{stream.path}: {stream.damage}; what follows was not read")

    def close(self) -> None:
        """Close the file."""
        self._streams.close()


class CsvSource(TextTable):
    """A CSV table: any usual separator, with a header line, or of a kind that is known to have none."""

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flows in the order of the file, so that scores align with rows."""
        names: list[str] | None = None
        reader: RowReader | None = None
        separator = SEPARATORS[0]
        for stream in self._streams:
            before = self.bytes_read
            lines = LineReader(stream)
            first = True
            for block in lines.pieces():
                if first:
                    first = False
                    found, separator, body = self._open_block(block)
                    if names is not None and found != names:
                        raise SchemaError(f"{stream.path} has other columns than {self.name}")
                    names, block = found, body  # noqa: PLW2901 - the header is no row
                if reader is None and block and names is not None:  # a pipe may give the header by itself
                    reader = self._reader(names, separator, block)
                self.bytes_read = before + stream.position()
                if block and reader is not None and self._rows is not None:
                    frame = reader.read(block)
                    if frame.height:
                        yield self._rows.flows(frame)
            self._note_end(lines, stream)
            self.bytes_read = before + stream.position()

    def _open_block(self, block: bytes) -> tuple[list[str], str, bytes]:
        """Split the header off; gives names, separator, and the rows."""
        block = block.removeprefix(b"\xef\xbb\xbf")
        line, _, body = block.partition(b"\n")
        text = line.decode("utf-8", errors="replace").rstrip("\r")
        separator = separator_of(text) or SEPARATORS[0]  # a table of one column has none
        if not text.strip() or (not text.isprintable() and "\t" not in text):
            raise UnsupportedFormat(f"{self.name} is no CSV table: its first line is {text[:60]!r}")
        values = values_of(text, separator)
        if self._map.names:
            return list(self._map.names), separator, block if _is_data(values) else body
        if _is_data(values):
            names = names_without_header(values)
            if names is None:
                raise SchemaError(
                    f"{self.name} has no header line, and {len(values)} columns that clan does not know; "
                    "name them in a file for --columns: names = [...]"
                )
            return list(names), separator, block
        return header_of(line, separator), separator, body

    def _reader(self, names: list[str], separator: str, block: bytes) -> RowReader:
        """Decide which columns are text, by what is known of them and by the first rows."""
        layout = self._layout(names)
        known = {name.lower() for name in self._numbers}
        text = {n for n in names if n.lower() in layout.text or (n.lower() in layout.labels)}
        if layout.name == UNKNOWN.name:
            text |= {n for n in _texts(block, names, separator) if n.lower() not in known}
        schema = {n: pl.String() if n in text else pl.Float64() for n in names}
        self._begin(schema, layout)
        return RowReader(names, frozenset(text), separator, self.name, self._strict, self._counts)


class ParquetSource(TableSource):
    """A Parquet table, read batch by batch."""

    def __init__(self, paths: Sequence[str], settings: FlowSettings, **options: Any) -> None:
        super().__init__(paths, settings, **options)
        if STDIN in paths:
            raise UnsupportedFormat(
                "Parquet has its index at the end and cannot be read from standard input; name a file"
            )
        for path in paths:
            ByteStream(path).close()  # says what is wrong with a path as all formats do
            if stream_name(path) != path:
                raise UnsupportedFormat(f"{path}: Parquet is read from names in UTF-8 only; rename the file")
        self._closed = False

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield flows in the order of the file, so that scores align with rows."""
        if self._closed:
            raise ValueError(f"{self.name} was read already; open it anew")
        for path in self._paths:
            try:
                table = pl.scan_parquet(path, glob=False)
                schema = _plain(dict(table.collect_schema()))
                rows, before = self._begin(schema, self._layout(list(schema))), self._counts["records"]
                for frame in table.select(list(schema)).collect_batches(
                    chunk_size=_PARQUET_ROWS, maintain_order=True, lazy=True
                ):
                    self._counts["records"] += frame.height
                    if frame.height:
                        yield rows.flows(frame)
                promised = table.select(pl.len()).collect().item()
            except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
                raise UnsupportedFormat(
                    f"{path} is no Parquet file, or a damaged one: {str(error).splitlines()[0]}"
                ) from error
            read = self._counts["records"] - before
            if read != promised:  # damage within a column ends the reading, and polars says nothing
                raise UnsupportedFormat(f"{path} is damaged: of {promised:,} rows {read:,} could be read")
            self.bytes_read += _size(path)
        self._closed = True

    def close(self) -> None:
        """Take it for read."""
        self._closed = True


def _some(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def separator_of(line: str) -> str | None:
    """Find what separates the values of a line; None where there is only one."""
    best = max(SEPARATORS, key=line.count)
    return best if best in line else None


def _is_data(values: Sequence[str]) -> bool:
    """Whether a first line holds values rather than names: names are no numbers."""
    return any(_is_number(value) for value in values)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return value.strip().lower() not in EMPTY


def _texts(block: bytes, names: Sequence[str], separator: str) -> set[str]:
    """Find the columns whose values in some first rows are not numbers, stray ones left aside."""
    head = block[: 1 << 20]
    frame = RowReader(names, frozenset(names), separator, "").read(head[: head.rfind(b"\n") + 1])
    lower = pl.all().str.strip_chars().str.to_lowercase()
    values = frame.with_columns(lower).with_columns(pl.all().replace(list(EMPTY), None))
    made = values.with_columns(pl.all().cast(pl.Float64, strict=False))
    told = {name: len(values) - values[name].null_count() for name in names}
    bad = {name: made[name].null_count() - values[name].null_count() for name in names}
    return {name for name in names if bad[name] > _STRAY * told[name]}


def _plain(schema: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
    """Keep the columns that are single values."""
    return {
        n: d for n, d in schema.items() if d.is_numeric() or d == pl.String() or d == pl.Boolean() or d.is_temporal()
    }


def _size(path: str) -> int:
    from pathlib import Path

    return Path(path).stat().st_size


def is_parquet(head: bytes, _path: str) -> bool:
    """Recognise Parquet by its magic number."""
    return head.startswith(PARQUET_MAGIC)


def is_csv(head: bytes, _path: str) -> bool:
    """Recognise a CSV table: a header that is known, or lines of as many values as it has names, some numbers."""
    if b"\0" in head[:4096] or head.startswith((b"{", b"#", b"[", b"<")):
        return False
    lines = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace").splitlines()[:3]
    separator = separator_of(lines[0]) if lines else None
    if separator is None:
        return False
    rows = [values_of(line, separator) for line in lines]
    names = [name.strip() for name in rows[0]]
    if find_layout(names) is not UNKNOWN:
        return True
    if _is_data(names):
        return len(names) >= 3 and all(len(row) == len(names) for row in rows[:2])
    if len(names) == 2 and not all(_is_number(value) or not value.strip() for row in rows[1:] for value in row):
        return False  # any text may have a comma in two lines
    return len(rows) > 1 and len(rows[1]) == len(names) and _is_data(rows[1]) and all(names)
