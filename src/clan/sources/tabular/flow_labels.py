"""Labels for flows: a CSV that names them by `uid`, or by their hosts and the time in which they start.

The columns of such a file: `label` (or `class`), and `uid`, or any of `ts_start,ts_end,src_ip,src_port,dst_ip,dst_port,
protocol`. An empty field stands for any value. Times are ISO 8601, UTC where they name no zone. A line without a `uid`
means the flows that start in its time, both ends included, between its two hosts in either direction; a port belongs to
the host of the same side. The first line that means a flow names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from clan.errors import SchemaError, SourceUnavailable
from clan.schema import IDENTITY
from clan.sources.tabular.label_words import BENIGN, says_benign, says_something

LABEL_COLUMNS: dict[str, pl.DataType] = {
    **{
        name: IDENTITY[name]
        for name in ("uid", "ts_start", "ts_end", "src_ip", "src_port", "dst_ip", "dst_port", "protocol")
    },
    "label": pl.String(),
}
"""The columns of a table of labels, whatever its file had."""

_CALLED = {
    "label": ("class",),
    "src_ip": ("src ip", "source ip"),
    "src_port": ("src port", "source port"),
    "dst_ip": ("dst ip", "destination ip"),
    "dst_port": ("dst port", "destination port"),
}
"""What other tools call these columns, in small letters."""

_TURNED = {"src_ip": "dst_ip", "src_port": "dst_port", "dst_ip": "src_ip", "dst_port": "src_port"}
_ALWAYS = {"ts_start": "0001-01-01", "ts_end": "9999-12-31"}


def read_labels(path: str | Path) -> pl.DataFrame:
    """Read a labels file.

    Returns:
        The columns of `LABEL_COLUMNS`, null where the file is empty or lacks the column; lines in the file's order.

    Raises:
        SourceUnavailable: The file cannot be read.
        SchemaError: No label column, nothing that names flows, or a value that is not of its column's type.
    """
    try:
        data = Path(path).read_bytes()
        table = pl.read_csv(data, separator=_separator(data), infer_schema=False, truncate_ragged_lines=False)
    except OSError as error:
        raise SourceUnavailable(f"{path} cannot be read: {error.strerror or error}") from error
    except pl.exceptions.PolarsError as error:
        raise SchemaError(f"{path} is not a CSV table: {error}") from error
    table = table.rename({name: name.strip().lower() for name in table.columns})
    for name, others in _CALLED.items():
        found = next((other for other in others if other in table.columns), None)
        if found is not None and name not in table.columns:
            table = table.rename({found: name})
    if "timestamp" in table.columns and "ts_start" not in table.columns and "uid" not in table.columns:
        raise SchemaError(
            f"{path} has a column timestamp, of which nobody knows how long a line holds; call the first time that a "
            "line means ts_start and the last one ts_end"
        )
    named = [name for name in LABEL_COLUMNS if name in table.columns and name != "label"]
    if "label" not in table.columns or not named:
        raise SchemaError(
            f"{path} has the columns {', '.join(table.columns)}; expected label (or class), and uid or some of "
            f"{', '.join(name for name in LABEL_COLUMNS if name not in ('uid', 'label'))}"
        )
    return _typed(table, path)


def carried_labels(flows: pl.DataFrame) -> pl.DataFrame:
    """Make labels of those that the flows brought with them, by `uid`.

    Args:
        flows: A flow table with `label` and `label_detail` (`clan.schema.CARRIED`).

    Returns:
        The columns of `LABEL_COLUMNS`; the class is the label, with the detail behind it where it is not benign. Labels
        that say that nobody knows (background, unknown) are left out.

    Raises:
        SchemaError: The flows brought none.
    """
    if "label" not in flows.columns or flows["label"].null_count() == flows.height:
        raise SchemaError("these flows brought no labels with them: name a file with --labels")
    known, benign = says_something(pl.col("label")), says_benign(pl.col("label"))
    detailed = pl.concat_str("label", "label_detail", separator=" ", ignore_nulls=True)
    named = flows.filter(known).select("uid", label=pl.when(benign).then(pl.lit(BENIGN)).otherwise(detailed))
    rest = {name: pl.lit(None, dtype) for name, dtype in LABEL_COLUMNS.items() if name not in named.columns}
    return named.with_columns(**rest).select(*LABEL_COLUMNS)


def label_flows(flows: pl.DataFrame, labels: pl.DataFrame) -> tuple[pl.Series, int]:
    """Find the label of each flow.

    Args:
        flows: A flow table with the identity columns that the labels use.
        labels: As `read_labels` gives them; left as they are.

    Returns:
        The label of each flow, null where no line means it (shape `(n_flows,)`, name `label`), and how many lines mean
        no flow at all.

    Raises:
        SchemaError: The flows lack a column that the labels use.
    """
    lines = labels.with_row_index("_line")
    rows = flows.select(name for name in LABEL_COLUMNS if name in flows.columns).with_row_index("_row")
    found = [_matches(rows, part, keys) for part, keys in _patterns(lines, rows.columns)]
    pairs = pl.concat(found) if found else pl.DataFrame(schema={"_row": pl.UInt32, "_line": pl.UInt32})
    first = pairs.group_by("_row").agg(pl.col("_line").min())
    named = rows.select("_row").join(first, on="_row", how="left", maintain_order="left")
    text = named.join(lines.select("_line", "label"), on="_line", how="left", maintain_order="left")["label"]
    return text, labels.height - pairs["_line"].n_unique()


def _separator(data: bytes) -> str:
    """Find what separates the values of the header line."""
    line = data.partition(b"\n")[0].decode("utf-8", errors="replace")
    return max(",;\t|", key=line.count)


def _typed(table: pl.DataFrame, path: str | Path) -> pl.DataFrame:
    """Give every column its type, absent ones as null."""
    columns = []
    for name, dtype in LABEL_COLUMNS.items():
        if name not in table.columns:
            columns.append(pl.lit(None, dtype=dtype).alias(name))
            continue
        text = pl.col(name).str.strip_chars().replace("", None)
        if isinstance(dtype, pl.Datetime):
            # a text without a zone is taken as UTC
            zoned = pl.when(text.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$")).then(text).otherwise(text + "+00:00")
            columns.append(zoned.str.to_datetime(time_unit="us", time_zone="UTC", strict=True, format="%+").alias(name))
        else:
            columns.append(text.cast(dtype))
    try:
        typed = table.select(columns)
    except pl.exceptions.PolarsError as error:
        raise SchemaError(f"{path} has a value of the wrong kind: {str(error).splitlines()[0]}") from error
    if typed["label"].null_count():
        line = typed["label"].is_null().arg_max() or 0
        raise SchemaError(f"{path} has no label in line {line + 2}")
    return typed


def _patterns(lines: pl.DataFrame, columns: list[str]) -> Iterator[tuple[pl.DataFrame, list[str]]]:
    """Split lines by which fields they name; gives each part with those fields."""
    fields = [name for name in LABEL_COLUMNS if name != "label"]
    for given, part in lines.group_by([pl.col(name).is_not_null() for name in fields], maintain_order=True):
        names = [name for name, there in zip(fields, given, strict=True) if there]
        missing = [name for name in names if name not in columns and name != "ts_end"]
        if missing:
            raise SchemaError(f"the labels name flows by {', '.join(missing)}, and the flows have no such column")
        keys = [name for name in names if name not in _ALWAYS]
        yield part, ["uid"] if "uid" in keys else keys


def _matches(rows: pl.DataFrame, lines: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Pair flows with the lines that mean them; columns `_row` and `_line`, a pair may come twice."""
    if keys == ["uid"]:
        return rows.join(lines, on="uid", how="inner").select("_row", "_line")
    begin, end = (
        pl.col(f"_{name}").fill_null(pl.lit(bound).str.to_datetime(time_unit="us", time_zone="UTC"))
        for name, bound in _ALWAYS.items()
    )
    wanted = lines.select("_line", pl.col([*keys, *_ALWAYS]).name.prefix("_"))
    pairs = []
    for turned in ({}, _TURNED) if any(key in _TURNED for key in keys) else ({},):
        on_flow = [turned.get(key, key) for key in keys]
        both = (
            rows.join(wanted, left_on=on_flow, right_on=[f"_{key}" for key in keys], how="inner")
            if keys
            else rows.join(wanted, how="cross")
        )
        if "ts_start" in rows.columns:
            both = both.filter(pl.col("ts_start").is_between(begin, end))
        pairs.append(both.select("_row", "_line"))
    return pl.concat(pairs)
