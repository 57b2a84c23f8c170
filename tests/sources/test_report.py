"""Every counter either says what is in no flow, and is told, or is known not to."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import clan
from clan.flows import COUNTERS
from clan.sources.report import NO_LOSSES, ReadReport, told

ROOMS = [Path(clan.__file__).parent / room for room in ("sources", "context")]


def _keys(node: ast.AST) -> Iterator[Any]:
    """Keys of the dictionaries in a piece of code."""
    for part in ast.walk(node):
        if isinstance(part, ast.Dict):
            yield from (key.value for key in part.keys if isinstance(key, ast.Constant))


def _values(node: ast.AST) -> Iterator[Any]:
    """Constants in a piece of code."""
    yield from (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))


def _counted(node: ast.AST) -> Iterator[Any]:
    """Names of the counters that a piece of code counts, however it does."""
    match node:
        case ast.Subscript(slice=ast.Constant(name)) if ast.unparse(node.value).endswith(("counts", "total", "notes")):
            yield name
        case ast.Assign(targets=[ast.Name("unit")]):  # counts[unit]
            yield from _values(node.value)
        case ast.Assign(targets=[ast.Name("notes")]) | ast.Call(func=ast.Name("Counter")):
            yield from _keys(node)
        case ast.Return(value=ast.Tuple(elts=[_, ast.Dict() as notes])):
            yield from _keys(notes)
        case ast.FunctionDef("counts"):
            yield from _keys(node)
        case ast.Call(func=ast.Attribute(attr="fromkeys"), args=[ast.Tuple() as names, ast.Constant(0)]):
            yield from _values(names)


def counters() -> set[str]:
    """Names of all counters of sources."""
    files = [path for room in ROOMS for path in room.rglob("*.py")]
    nodes = (node for path in files for node in ast.walk(ast.parse(path.read_text())))
    return {name for node in nodes for name in _counted(node) if isinstance(name, str)} | set(COUNTERS)


def test_every_counter_is_in_one_of_the_lists() -> None:
    names = counters()
    assert len(names) > 60
    losses = set(ReadReport(counts=Counter(names)).losses())
    assert losses | (NO_LOSSES & names) == names
    assert not losses & NO_LOSSES
    assert names >= NO_LOSSES


@pytest.mark.parametrize(
    ("name", "one", "many"),
    [
        ("unreadable_files", "1 file that nfdump cannot read", "2 files that nfdump cannot read"),
        ("files_gone_meanwhile", "1 rotated log that was not found again", "2 rotated logs that were not found again"),
        (
            "forgotten_alerts",
            "1 alert of Suricata that was given up before the flow ended",
            "2 alerts of Suricata that were given up before the flow ended",
        ),
    ],
)
def test_losses_are_told(name: str, one: str, many: str) -> None:
    assert (told(name, 1), told(name, 2)) == (one, many)
