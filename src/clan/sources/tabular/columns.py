"""What is done with the columns of a table: which are features, which tell who and when, which the class.

A model remembers it, so that what it scores is read as what it learnt from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

import polars as pl

from clan.errors import ConfigError, SchemaError, SourceUnavailable, UnknownNameError
from clan.schema import CONN_MEASURED, IDENTITY
from clan.sources.tabular.headers.layout import Layout, clock, number, protocol_name, text_clock

_TARGETS = (*IDENTITY, *CONN_MEASURED)
_TIMES = ("ts_start", "ts_end")


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnMap:
    """The user's word on what columns mean: `--columns FILE.toml`.

    Attributes:
        columns: Our column to the table's.
        factors: Our column to what its values are multiplied by, to come to our unit; times: to microseconds.
        label: The column with the class, if any.
        ignore: Columns that are no features.
        names: The columns in their order, where the file has no header.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    label: str | None = None
    ignore: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a mapping file.

        Raises:
            SourceUnavailable: It cannot be read.
            ConfigError: It is no TOML, or has a key or column that nobody knows.
        """
        try:
            table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise SourceUnavailable(f"cannot read {path}: {error.strerror or error}") from error
        except ValueError as error:  # bytes that are no text, or a number with more digits than Python reads, too
            raise ConfigError(f"{path} is no TOML: {error}") from error
        return cls.of(table, what=str(path))

    @classmethod
    def of(cls, table: Mapping[str, Any], *, what: str) -> Self:
        """Take a mapping from its TOML or JSON form.

        Raises:
            ConfigError: A key or column that nobody knows, or a value of the wrong type.
        """
        unknown = sorted(set(table) - {"columns", "label", "ignore", "names"})
        if unknown:
            raise ConfigError(f"{what} has {unknown[0]!r}; expected columns, label, ignore and names")
        columns, factors = {}, {}
        for ours, theirs in _dict(table.get("columns", {}), f"{what}: columns").items():
            if ours not in _TARGETS:
                raise UnknownNameError(f"column in {what}", ours, _TARGETS)
            entry = {"from": theirs} if isinstance(theirs, str) else _dict(theirs, f"{what}: {ours}")
            if not isinstance(entry.get("from"), str) or set(entry) - {"from", "factor"}:
                raise ConfigError(f"{what}: {ours} needs a column name, or {{ from = NAME, factor = NUMBER }}")
            factor = entry.get("factor", 1)
            if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 < factor < 1e18:
                raise ConfigError(f"{what}: the factor of {ours} must be a number above 0, got {factor!r}")
            columns[ours] = entry["from"]
            if "factor" in entry:
                factors[ours] = float(factor)
        label = table.get("label")
        if label is not None and not isinstance(label, str):
            raise ConfigError(f"{what}: label must be the name of a column, got {label!r}")
        return cls(
            columns=columns,
            factors=factors,
            label=label,
            ignore=_names(table.get("ignore", []), f"{what}: ignore"),
            names=_names(table.get("names", []), f"{what}: names"),
        )

    def manifest(self) -> dict[str, Any]:
        """Give the form that `of` takes, as JSON values."""
        columns = {
            ours: {"from": theirs, "factor": self.factors[ours]} if ours in self.factors else theirs
            for ours, theirs in self.columns.items()
        }
        label = {} if self.label is None else {"label": self.label}
        return {"columns": columns, "ignore": list(self.ignore), "names": list(self.names), **label}

    def layout(self, names: Sequence[str], base: Layout, *, what: str) -> Layout:
        """Give the layout of a table: what is known of it, and over that the user's word.

        Raises:
            SchemaError: The table lacks a column that is named.
        """
        named = [*self.columns.values(), *([self.label] if self.label else []), *self.ignore]
        missing = sorted(set(named) - set(names))
        if missing:
            near = [f"{each[0]!r}" for name in missing if (each := get_close_matches(name, names, n=1))]
            hint = f" (did you mean {', '.join(near)}?)" if near else ""
            raise SchemaError(
                f"{what} lacks the columns {', '.join(missing)} that the mapping names{hint}; it has {', '.join(names)}"
            )
        texts = {ours for ours in self.columns if IDENTITY.get(ours) == pl.String()}
        texts |= {ours for ours in self.columns if ours in _TIMES and ours not in self.factors}
        own = {self.columns[ours].lower() for ours in texts | ({"protocol"} & set(self.columns))}
        label = (self.label.lower(),) if self.label else base.labels
        return Layout(
            name=base.name,
            needed=base.needed,
            columns={**base.columns, **{ours: self._expression(ours) for ours in self.columns}},
            text=base.text | own | ({self.label.lower()} if self.label else set()),
            labels=label,
            identifiers=base.identifiers
            | {name.lower() for ours, name in self.columns.items() if ours in IDENTITY}
            | {name.lower() for name in self.ignore},
            groups=base.groups,
        )

    def _expression(self, ours: str) -> pl.Expr:
        theirs, factor = self.columns[ours], self.factors.get(ours)
        if ours in _TIMES:
            return text_clock(theirs) if factor is None else clock(theirs, factor)
        if ours == "protocol":
            return protocol_name(theirs)
        if IDENTITY.get(ours) == pl.String():
            return pl.col(theirs)
        return number(theirs, 1 if factor is None else factor)


def _dict(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{what} must be a table of names, got {value!r}")
    return value


def _names(value: object, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ConfigError(f"{what} must be a list of column names, got {value!r}")
    return tuple(value)
