"""Side by side where there is room, one below the other where there is none; never cut."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text

from clan.alerts.fitting_table import FittingTable

COLUMNS = ("from", "to", "p-value", "why")
ROW = ("[2001:db8:1234:5678:9abc:def0:1234:5678]:50000", "198.51.100.117:443", "0.00012", "tried many ports of it")


def shown(width: int, rows: list[list[Text]], *, fold: bool = True) -> list[str]:
    console = Console(file=io.StringIO(), width=width, record=True)
    console.print(FittingTable("Alerts", COLUMNS, rows, fold=fold))
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize("fold", [True, False])
def test_a_wide_terminal_has_a_table(fold: bool) -> None:
    lines = shown(120, [[Text(cell) for cell in ROW]], fold=fold)
    assert len(lines) == 4
    assert all(name in lines[1] for name in COLUMNS)
    assert all(cell in lines[3] for cell in ROW)


def test_a_narrow_terminal_has_two_lines_a_row() -> None:
    lines = shown(90, [[Text(cell) for cell in ROW]] * 2)
    assert lines == ["Alerts", *([f"{ROW[0]}  to {ROW[1]}  p {ROW[2]}", f"    {ROW[3]}"] * 2)]


def test_words_that_are_not_folded_are_cut_in_the_table_alone() -> None:
    long = [Text("a"), Text("b"), Text("1"), Text("word " * 40)]
    assert len(shown(60, [long], fold=False)) == 4
    assert len(shown(60, [long], fold=True)) > 4


def test_no_rows_are_a_heading() -> None:
    assert shown(80, [])[0] == "Alerts"
