"""Settings as a TOML file that says what each of them means: the ones in force, or all the defaults."""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import re
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from clan.watch.kinds import FilePath, FromEnvironment, as_size, as_time
from clan.watch.loader import OwnTable, hints_of, key_of, unmarked

_WIDTH: Final = 100
_PASSWORD: Final = re.compile(r"(://[^/@:]*):[^/@]*@")


def effective(settings: Any, *, folder: Path | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """Write settings as they are in force; what has its default value is marked, passwords are not shown.

    Args:
        settings: A dataclass of settings.
        folder: Where the configuration lies, from which default paths count; None: none of them is marked.
        environment: What may take the place of values.
    """
    return "\n".join(_table(settings, (), environment, folder)) + "\n"


def default(kind: type) -> str:
    """Write a file to begin with: every key with its meaning and its default value, as comments.

    What cannot be left out stands there for people to change, from `TO_CHANGE` of each dataclass; `EXAMPLES` has what
    is shown, as a comment, where a default value says nothing.
    """
    about = inspect.getdoc(kind) or ""
    return "\n".join([*_comment(about.split("\n\n")[0]), *_defaults(kind, ())]) + "\n"


def _table(settings: Any, keys: tuple[str, ...], environment: Mapping[str, str], folder: Path | None) -> Iterator[str]:
    """Yield the lines of a table, then those of the tables in it."""
    hints, tables = hints_of(type(settings)), []
    for field in dataclasses.fields(settings):
        value, key = getattr(settings, field.name), key_of(field)
        if dataclasses.is_dataclass(value) or _is_list_of_tables(value):
            tables.append((key, value))
            continue
        _, marks = unmarked(hints[field.name])
        origin = "default" if _is_default(value, field, marks, folder) else ""
        for mark in marks:
            if isinstance(mark, FromEnvironment) and environment.get(mark.variable):
                origin = f"from {mark.variable}"
        line = f"# {key} is not set" if value is None else f"{key} = {_toml(value, field.name)}"
        yield f"{line}  # {origin}" if origin and value is not None else line
    for key, value in tables:
        for each in value if isinstance(value, tuple) else (value,):
            name = ".".join((*keys, key))
            yield ""
            yield f"[[{name}]]" if isinstance(value, tuple) else f"[{name}]"
            if isinstance(each, OwnTable):
                yield from (f"{name} = {_toml(entry, name)}" for name, entry in each.shown().items())
            else:
                yield from _table(each, (*keys, key), environment, folder)


def _defaults(kind: Any, keys: tuple[str, ...]) -> Iterator[str]:
    meanings, hints, tables = attributes_of(kind), hints_of(kind), []
    examples: Mapping[str, Any] = getattr(kind, "EXAMPLES", {})
    to_change: Mapping[str, Any] = getattr(kind, "TO_CHANGE", {})
    for field in dataclasses.fields(kind):
        hint, _ = unmarked(hints[field.name])
        several = typing.get_origin(hint) is tuple and dataclasses.is_dataclass(typing.get_args(hint)[0])
        if dataclasses.is_dataclass(hint) or several:
            tables.append((key_of(field), typing.get_args(hint)[0] if several else hint, several))
            continue
        yield ""
        yield from _comment(meanings[field.name])
        if field.name in to_change:
            yield f"{key_of(field)} = {_toml(to_change[field.name], field.name)}"
        else:
            shown = examples.get(field.name, _default_of(field))
            yield f"# {key_of(field)} = {_toml(shown, field.name)}"
    for key, inner, several in tables:
        name = ".".join((*keys, key))
        yield ""
        yield ""
        yield from _comment((inspect.getdoc(inner) or "").split("\n\n")[0])
        if isinstance(inner, OwnTable):
            yield inner.SAMPLE.rstrip("\n")
            continue
        yield f"[[{name}]]" if several else f"[{name}]"
        yield from _defaults(inner, (*keys, key))


def attributes_of(kind: Any) -> dict[str, str]:
    """Give what the docstring of a dataclass says of each of its fields."""
    section = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2].split("\n\n")[0]
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        if match := re.match(r"    (\w+): (.*)", line):
            name = match[1]
            found[name] = match[2]
        else:
            found[name] += " " + line.strip()
    return found


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in wrap(" ".join(text.split()), _WIDTH)]


def _is_default(value: Any, field: dataclasses.Field[Any], marks: tuple[Any, ...], folder: Path | None) -> bool:
    """Tell whether a setting has its default value; the path of a file has a folder in front of it."""
    default = _default_of(field)
    if any(isinstance(mark, FilePath) for mark in marks) and isinstance(value, str) and isinstance(default, str):
        return folder is not None and Path(value) == folder / default
    return bool(value == default)


def _default_of(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and dataclasses.is_dataclass(value[0])


def _toml(value: Any, name: str) -> str:
    """Write a value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        if name.endswith("_s"):
            return f'"{as_time(value)}"'
        return f'"{as_size(int(value))}"' if name.endswith("_bytes") else repr(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(each, name) for each in value)}]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(each, name)}" for key, each in value.items()) + " }"
    text = json.dumps(_PASSWORD.sub(r"\1:***@", str(value)), ensure_ascii=False)
    return text.replace("\x7f", "\\u007f")
