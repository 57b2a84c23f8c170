"""A table of alerts that a narrow terminal does not make unreadable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

LEAST_WORDS = 24
"""Columns of the terminal that the words at the end of a row need beside the others, or they go below them."""

_BETWEEN = 3
"""What rich puts between two columns: a blank, a line, a blank."""

_SAID = {"to": "to ", "p-value": "p "}
"""What stands before a value where no heading says which it is."""


@dataclass(frozen=True, slots=True)
class FittingTable:
    """Rows whose last column is words, and whose others are cut nowhere.

    Where the terminal has no room for all columns side by side, each row becomes two lines, its values and its words;
    rich alone would shrink addresses, ports and p-values to nothing.

    Attributes:
        title: Heading; shown as it is.
        columns: Names of the columns; the last one holds the words.
        rows: Cells, as many as columns; safe to show.
        fold: Whether words that do not fit go on in the next line; else they are cut.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Text]]
    fold: bool = True

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Give rich a table, or lines."""
        widths = [
            max(len(name), *(row[at].cell_len for row in self.rows), 0) for at, name in enumerate(self.columns[:-1])
        ]
        if sum(widths) + _BETWEEN * len(widths) + LEAST_WORDS > options.max_width:
            yield from self._lines()
        else:
            yield self._table(widths)

    def _table(self, widths: Sequence[int]) -> Table:
        table = Table(title=Text(self.title, style="italic"), title_justify="left", show_edge=False, pad_edge=False)
        for name, width in zip(self.columns, widths, strict=False):
            justify = "right" if name == "p-value" else "left"
            table.add_column(name, no_wrap=True, min_width=width, justify=justify)  # type: ignore[arg-type]
        table.add_column(self.columns[-1], no_wrap=not self.fold, overflow="fold" if self.fold else "ellipsis")
        for row in self.rows:
            table.add_row(*row)
        return table

    def _lines(self) -> Iterator[RenderableType]:
        yield Text(self.title, style="italic")
        for *values, words in self.rows:
            pairs = zip(self.columns, values, strict=False)
            said = [Text.assemble(_SAID.get(name, ""), value) for name, value in pairs if value.plain]
            yield Text("  ").join(said)
            if words.plain:
                yield Padding(words, (0, 0, 0, 4))
