"""What the lines at the top of a Zeek log say: separator, what unset looks like, fields and types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from clan.errors import UnsupportedFormat

_ESCAPE = re.compile(r"\\x([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a log.

    Attributes:
        path: Which log it is, such as ``conn``; empty where it does not say.
        fields: Names of the columns.
        separator: Between the columns, one byte.
        unset: What stands for no value.
        empty: What stands for an empty one.
        lines: The header as it was, without newlines.
    """

    path: str
    fields: tuple[str, ...]
    separator: str = "\t"
    unset: str = "-"
    empty: str = "(empty)"
    lines: tuple[str, ...] = field(default=(), compare=False)

    @property
    def crowded(self) -> str | None:
        """The last column, where it is several that blanks stand between, as some labelled logs have them."""
        return self.fields[-1] if len(self.fields[-1].split()) > 1 else None

    @property
    def crowd(self) -> tuple[str, ...]:
        """The columns in the crowded one."""
        return tuple(self.fields[-1].split()) if self.crowded else ()

    @property
    def names(self) -> tuple[str, ...]:
        """All columns, those in the crowded one by themselves."""
        return (*self.fields[:-1], *self.crowd) if self.crowded else self.fields

    @classmethod
    def of(cls, lines: Sequence[str]) -> Self:
        """Read the lines that begin with `#`.

        Raises:
            UnsupportedFormat: There is no list of fields, or the separator is none.
        """
        separator, said = "\t", {}
        for line in lines:
            if line.startswith("#separator"):
                separator = _ESCAPE.sub(lambda m: chr(int(m[1], 16)), line[len("#separator") :].strip(" "))
                continue
            name, _, value = line[1:].partition(separator if len(separator) == 1 else "\t")
            said[name] = value
        if len(separator) != 1 or not separator.isascii():
            raise UnsupportedFormat(f"a Zeek log whose separator is {separator!r}: expected one ASCII character")
        fields = tuple(said.get("fields", "").split(separator)) if said.get("fields") else ()
        if not fields or len(set(fields)) < len(fields):
            raise UnsupportedFormat("a Zeek log without a #fields line that names each column once")
        return cls(
            path=said.get("path", ""),
            fields=fields,
            separator=separator,
            unset=said.get("unset_field", "-"),
            empty=said.get("empty_field", "(empty)"),
            lines=tuple(lines),
        )
