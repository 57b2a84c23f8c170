"""Rows of somebody's table as rows of the flow table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from clan.errors import ConfigError, SchemaError
from clan.flows import RowUids
from clan.schema import CARRIED, CONN_MEASURED, IDENTITY, TABLE_PREFIX, features_of
from clan.sources.conn import complete
from clan.sources.groups import measured
from clan.sources.tabular.headers import Layout

GROUPS = ("table", "conn", "flow", "payload")
"""Feature groups that a table may tell."""
_TOLD_APART_BY = ("src_ip", "dst_ip", "ts_start", "ts_end", "src_port", "dst_port", "protocol")


class FlowRows:
    """Turns batches of a table into batches of flows.

    Args:
        schema: The table's columns as they are read.
        layout: What they mean.
        features: Feature groups that are wanted; `table` alone stands for the groups that the table has under clan's
            own names, where it has some.
        source: The stream's name.
        counts: Where what happens is counted.

    Raises:
        ConfigError: A group that the table cannot tell.
        SchemaError: No feature at all.
    """

    def __init__(
        self,
        schema: Mapping[str, pl.DataType],
        layout: Layout,
        *,
        features: Sequence[str],
        source: str,
        counts: Counter[str],
    ) -> None:
        self.layout, self._counts = layout, counts
        self._rows = 0
        self._uids: RowUids | None = None  # where hosts or times are known
        lower = {name.lower(): name for name in schema}
        self._label = next((lower[name] for name in layout.labels if name in lower), None)
        ours = {name: expr for name, expr in layout.columns.items() if set(expr.meta.root_names()) <= set(schema)}
        ours = {name: _as_it_is(expr, schema, name) for name, expr in ours.items()}
        native = tuple(g for g in layout.groups if {f.name for f in features_of([g])} <= set(schema))
        passed = {f.name for group in native for f in features_of([group])}
        out_of = layout.identifiers | set(layout.labels)
        self.features = [
            name
            for name, dtype in schema.items()
            if dtype.is_numeric()
            and name.lower() not in out_of
            and name.lower() not in layout.text
            and name not in passed
        ]
        more = ("table",) if self.features and layout.name == "clan" else ()
        features = tuple(features) if "context" in native else measured(features)  # what is stored is not counted anew
        self.groups = (*native, *more) if features == ("table",) and native else features
        self.left_out = [
            name
            for name, dtype in schema.items()
            if (name.lower() in layout.text or not dtype.is_numeric()) and name.lower() not in out_of
        ]
        self._identity = self._who(ours, source)
        carried = {name: pl.col(name) for name in CARRIED if layout.name == "clan" and name in schema}
        if self._label is not None:
            carried["label"] = pl.col(self._label)
        self._carried = [carried.get(name, pl.lit(None)).cast(dtype).alias(name) for name, dtype in CARRIED.items()]
        self._check(ours, native, source)
        self._measured = {
            name: ours.get(name, pl.lit(None)).cast(pl.Int64, strict=False).alias(name) for name in CONN_MEASURED
        }

    def _who(self, ours: Mapping[str, pl.Expr], source: str) -> list[pl.Expr]:
        columns = {name: ours.get(name, pl.lit(None)) for name in IDENTITY}
        if "uid" not in ours and {"src_ip", "dst_ip", "ts_start"} & set(ours):
            self._uids = RowUids()
        if "source" not in ours:
            columns["source"] = pl.lit(source)
        return [
            columns[name].cast(dtype, strict=False).alias(name) for name, dtype in IDENTITY.items() if name != "uid"
        ] + ([columns["uid"].cast(pl.String).alias("uid")] if "uid" in ours else [])

    def _check(self, ours: Mapping[str, pl.Expr], native: Sequence[str], source: str) -> None:
        """Raise unless the table tells the groups that are wanted."""
        told = dict.fromkeys(native, True) | {"table": bool(self.features)}
        if "conn" not in self.layout.groups:
            told["conn"] = any(name in ours for name in CONN_MEASURED)
        missing = [group for group in self.groups if not told.get(group, False)]
        if missing == ["table"]:
            raise SchemaError(f"{source} has no numeric column that could be a feature")
        if missing:
            known = ", ".join(group for group, there in told.items() if there)
            raise ConfigError(
                f"{source} cannot tell feature group {missing[0]!r}: its columns tell {known}; "
                "--columns FILE.toml says what columns mean that clan does not know"
            )

    def flows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Convert rows; where the table has no uids, these follow from hosts and times.

        Where it lacks one of them, they follow from the row's number, too; where both, they are that number, from 1.
        """
        first = self._rows + 1
        self._rows += frame.height
        made = frame.select(
            *self._identity,
            *([] if "conn" not in self.groups or "conn" in self.layout.groups else self._measured.values()),
            *(pl.col(f.name).cast(f.dtype, strict=False) for f in self._native()),
            *(self._feature(name) for name in self.features if "table" in self.groups),
            *self._carried,
        )
        if self._uids is not None:
            made = made.with_columns(uid=self._uids.of(made.select(_TOLD_APART_BY)))
        elif "uid" not in made.columns:
            numbers = pl.int_range(first, first + made.height, eager=True)
            made = made.with_columns(uid=numbers.cast(pl.String))
        if "conn" in self.groups and "conn" not in self.layout.groups:
            made = complete(made)
        table = [_feature_name(name) for name in self.features] if "table" in self.groups else []
        named = [f.name for f in features_of([g for g in self.groups if g != "table"])]
        self._counts["flows"] += made.height
        return made.select(*IDENTITY, *CARRIED, *named, *table)

    def _native(self) -> list[Any]:
        return [f for g in self.groups if g in self.layout.groups for f in features_of([g])]

    def _feature(self, name: str) -> pl.Expr:
        """Read a feature; what is not finite is unknown."""
        value = pl.col(name).cast(pl.Float64)
        return pl.when(value.is_finite()).then(value).alias(_feature_name(name))


def _feature_name(name: str) -> str:
    return f"{TABLE_PREFIX}{name.removeprefix(TABLE_PREFIX)}"


def _as_it_is(expr: pl.Expr, schema: Mapping[str, pl.DataType], ours: str) -> pl.Expr:
    """Take a time that is one already, as a Parquet file may have it, without reading it from text."""
    root = expr.meta.root_names()
    if (
        IDENTITY.get(ours) == pl.Datetime("us", "UTC")
        and len(root) == 1
        and isinstance(dtype := schema[root[0]], pl.Datetime)
    ):
        time = pl.col(root[0]).dt.cast_time_unit("us")
        return time.dt.convert_time_zone("UTC") if dtype.time_zone else time.dt.replace_time_zone("UTC")
    return expr
