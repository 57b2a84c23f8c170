"""The house rules that a reader relies on: layers, lazy heavy libraries, small files, nothing executable in data."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import clan

PACKAGE = Path(clan.__file__).parent
LAYERS = (
    {"errors", "_version", "files"},
    {"schema", "tables", "counted"},
    {"flows"},
    {"context"},  # knows flow tables only; sources add it to what they read
    {"sources", "alerts"},  # an alert is a record that knows nothing of how it came about
    {"augment", "objectives", "encoder"},
    {"train"},
    {"calibrate"},
    {"detect"},
    {"classify"},
    {"explain", "drift"},
    {"evaluate"},
    {"monitor"},
    {"watch"},
    {"serve", "scale"},
    {"cli"},
    {"__main__"},
)
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}
TORCH_ROOMS = {"augment", "objectives", "encoder", "train"}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
PROGRAM_TEXT = {
    "a pickle": re.compile(
        r"^\s*(?:import|from)\s+(?:pickle|dill|cloudpickle|joblib|marshal|shelve)\b|allow_pickle=True|torch\.load\(",
        re.MULTILINE,
    ),
    "eval or exec": re.compile(r"(?<![\w.])(?:eval|exec)\("),
    "a shell": re.compile(r"shell=True|os\.(?:system|popen)\("),
}


def room_of(path: Path) -> str:
    """Room that a file of the package belongs to: its folder, or its own name at the top."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@cache
def tree_of(path: Path) -> ast.Module:
    """The parsed source; tests share it and leave it as it is."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full module name of every import, at any depth; `from clan import x` counts as `clan.x`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import; the house imports by full name"
            names = [f"clan.{alias.name}" for alias in node.names] if node.module == "clan" else [str(node.module)]
            yield from ((node.lineno, name) for name in names)


def clan_imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and room of every import of this package in a file."""
    for line, name in imports_of(tree_of(path)):
        parts = name.split(".")
        if parts[0] == "clan":
            yield line, parts[1] if len(parts) > 1 and parts[1] not in clan.__all__ else "errors"


def layer_violations(path: Path) -> list[str]:
    """Imports from the same layer's other rooms or from a higher layer."""
    room = room_of(path)
    return [
        f"{path.relative_to(PACKAGE)}:{line}: {room} imports {other}"
        for line, other in clan_imports(path)
        if other != room and RANK[other] >= RANK[room]
    ]


def imports_when_loaded(tree: ast.Module) -> Iterator[str]:
    """Modules imported by loading the file itself: not inside a function, not for the type checker only."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (name for _, name in imports_of(node))
        waiting += ast.iter_child_nodes(node)


def run_python(code: str) -> str:
    """Standard output of a fresh interpreter."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_room_has_a_place_in_the_order() -> None:
    unknown = {room_of(path) for path in MODULES} - RANK.keys()
    assert not unknown, f"rooms without a layer: {sorted(unknown)}; add them to LAYERS where they belong"


@pytest.mark.parametrize("room", sorted({room_of(path) for path in MODULES}))
def test_room_imports_only_from_its_left(room: str) -> None:
    assert [line for path in MODULES if room_of(path) == room for line in layer_violations(path)] == []


def test_layer_check_sees_a_violation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    (tmp_path / "alerts").mkdir()
    bad = tmp_path / "alerts" / "bad.py"
    bad.write_text("import clan.detect\nfrom clan import cli\nfrom clan.schema import x\nfrom clan import ClanError\n")
    assert layer_violations(bad) == ["alerts/bad.py:1: alerts imports detect", "alerts/bad.py:2: alerts imports cli"]


def test_package_door_loads_neither_torch_nor_sklearn() -> None:
    assert run_python("import sys, clan; print({'torch', 'sklearn'} & set(sys.modules) or 'none')") == "none"


def test_the_command_line_begins_without_what_only_some_commands_need() -> None:
    assert run_python("import sys, clan.cli; print({'torch', 'sklearn'} & set(sys.modules) or 'none')") == "none"


def test_rooms_that_only_detect_load_no_torch() -> None:
    names = [
        ".".join(("clan", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        for path in MODULES
        if room_of(path) not in TORCH_ROOMS | {"__main__"}
    ]
    code = f"import importlib, sys\nfor name in {names}: importlib.import_module(name)\nprint('torch' in sys.modules)"
    assert run_python(code) == "False"


def test_torch_is_imported_late_outside_its_rooms() -> None:
    early = [
        str(path.relative_to(PACKAGE))
        for path in MODULES
        if room_of(path) not in TORCH_ROOMS
        and any(name.split(".")[0] == "torch" for name in imports_when_loaded(tree_of(path)))
    ]
    assert early == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import torch.nn", ["torch.nn"]),
        ("try:\n    import torch\nexcept ImportError:\n    pass", ["torch"]),
        ("def f():\n    import torch", []),
        ("if TYPE_CHECKING:\n    import torch\nelse:\n    import json", ["json"]),
    ],
)
def test_late_imports_are_told_from_early_ones(source: str, expected: list[str]) -> None:
    assert list(imports_when_loaded(ast.parse(source))) == expected


def test_public_names_are_sorted_and_declared_once() -> None:
    assert list(clan.__all__) == sorted(set(clan.__all__))


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {str(path.relative_to(PACKAGE)): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


@pytest.mark.parametrize("what", PROGRAM_TEXT)
def test_source_never_uses(what: str) -> None:
    pattern = PROGRAM_TEXT[what]
    assert [str(path.relative_to(PACKAGE)) for path in MODULES if pattern.search(path.read_text())] == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a pickle", "import pickle"),
        ("a pickle", "    from joblib import dump"),
        ("eval or exec", "x = eval(text)"),
        ("a shell", "run(line, shell=True)"),
    ],
)
def test_search_for_forbidden_text_finds_it(what: str, line: str) -> None:
    assert PROGRAM_TEXT[what].search(line)


def test_evaluation_mode_of_a_network_is_not_taken_for_eval() -> None:
    assert not PROGRAM_TEXT["eval or exec"].search("network.eval()\nself.eval(x)")


def test_every_module_is_named_after_what_it_holds() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    named = {part for path in MODULES for part in path.relative_to(PACKAGE).with_suffix("").parts}
    assert named & drawers == set()
