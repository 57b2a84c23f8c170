"""Settings from a TOML document: every value checked, everything that is wrong said at once.

A dataclass of settings is a table, a field a key. A field `every_s` is written `every` and takes a time (`"7d"`, or
seconds), a field `size_bytes` is written `size` and takes a size (`"100MB"`, or bytes).
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Protocol, TypeVar, runtime_checkable

from clan.errors import ConfigError, SettingsError
from clan.watch.document import Document, KeyPath
from clan.watch.kinds import Checked, FilePath, FromEnvironment, Range, seconds, size

_T = TypeVar("_T")
_BAD: Final = object()
_MARKS = (Range, FilePath, FromEnvironment, Checked)
_NAMES: Final = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def load(kind: type[_T], document: Document, *, environment: Mapping[str, str] = os.environ) -> _T:
    """Read a document as settings.

    Args:
        kind: The dataclass of the whole document.
        document: As it was written; paths count from its folder.
        environment: Where secrets and bind addresses may stand.

    Raises:
        SettingsError: Something is wrong; all of it is said.
    """
    reading = _Reading(document, environment)
    value = reading.table(kind, document.values, ())
    if reading.problems:
        raise SettingsError(message for _, message in sorted(reading.problems))
    return value


def key_of(field: dataclasses.Field[Any]) -> str:
    """Give the key that users write for a field."""
    return field.name.removesuffix("_s").removesuffix("_bytes")


def unmarked(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Take the marks off a type, and the None that it may also be."""
    marks: tuple[Any, ...] = ()
    while True:
        if typing.get_origin(hint) is Annotated:
            hint, *more = typing.get_args(hint)
            marks += tuple(mark for mark in more if isinstance(mark, _MARKS))
        elif isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
            (hint,) = (each for each in typing.get_args(hint) if each is not types.NoneType)
        else:
            return hint, marks


def hints_of(kind: Any) -> dict[str, Any]:
    """Give the types of a dataclass's fields, marks and all."""
    return typing.get_type_hints(kind, include_extras=True)


@runtime_checkable
class OwnTable(Protocol):
    """A dataclass that reads and shows its table itself: its keys depend on their values."""

    SAMPLE: str
    """What stands in a file to begin with."""

    def read_table(self, table: Mapping[str, Any], folder: Path) -> Any:
        """Take a table; a class method. Relative paths count from the folder."""

    def shown(self) -> Mapping[str, Any]:
        """Give the table as it may be shown."""


class _Reading:
    """One reading of one document."""

    def __init__(self, document: Document, environment: Mapping[str, str]) -> None:
        self.document, self.environment = document, environment
        self.folder = Path(document.path).parent
        self.problems: list[tuple[int, str]] = []

    def wrong(self, keys: KeyPath, message: str) -> Any:
        """Note what is wrong with a key."""
        name = ".".join(map(str, keys))
        self.note(keys, f"{name + ': ' if name else ''}{message}")
        return _BAD

    def note(self, keys: KeyPath, message: str) -> None:
        """Remember a problem with its place."""
        self.problems.append((self.document.line(keys), self.document.where(keys) + message))

    def table(self, kind: type[_T], value: Any, keys: KeyPath) -> Any:
        """Read a table as a dataclass."""
        if not isinstance(value, dict):
            return self.wrong(keys, f"expected a table [{'.'.join(map(str, keys))}], got {_shown(value)}")
        if isinstance(kind, OwnTable):
            try:
                return kind.read_table(value, self.folder)
            except ConfigError as error:
                return self.wrong(keys, str(error))
        values = self.fields(kind, value, keys)
        if values is None:
            return _BAD
        try:
            return kind(**values)
        except SettingsError as error:
            for problem in error.problems:
                self.wrong(keys, problem)
        except ConfigError as error:
            self.wrong(keys, str(error))
        return _BAD

    def fields(self, kind: type[Any], value: dict[str, Any], keys: KeyPath) -> dict[str, Any] | None:
        """Read the keys of a table as the fields of a dataclass; None where something is wrong with one of them."""
        fields, hints = {key_of(field): field for field in dataclasses.fields(kind)}, hints_of(kind)
        for key in value.keys() - fields.keys():
            self.unknown(key, fields, keys)
        values, whole = {}, True
        for key, field in fields.items():
            hint, marks = unmarked(hints[field.name])
            given = self.of_environment(marks, value.get(key, self.default(field, hint)))
            if given is None:
                if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                    self.wrong(keys, f"{key} is missing")
                    whole = False
                continue
            read = self.value(hint, marks, field.name, given, (*keys, key))
            whole = whole and read is not _BAD
            values[field.name] = read
        return values if whole else None

    @staticmethod
    def default(field: dataclasses.Field[Any], hint: Any) -> Any:
        """Give what is read where nothing was given: paths and the tables that hold them depend on the folder."""
        if dataclasses.is_dataclass(hint) and field.default_factory in (hint, dataclasses.MISSING):
            return {}
        return field.default if isinstance(field.default, str) else None

    def unknown(self, key: str, known: Mapping[str, Any], keys: KeyPath) -> None:
        """Note a key that there is not, with the nearest that there is."""
        nearest = difflib.get_close_matches(key, list(known), n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        place = f"[{'.'.join(map(str, keys))}]" if keys else "the top of the file"
        self.note((*keys, key), f"unknown key {key!r} in {place}{hint} (known: {', '.join(sorted(known))})")

    def of_environment(self, marks: tuple[Any, ...], given: Any) -> Any:
        """Give what the environment has in place of the file, where a setting may come from there."""
        for mark in marks:
            if isinstance(mark, FromEnvironment) and self.environment.get(mark.variable):
                return self.environment[mark.variable]
        return given

    def value(self, hint: Any, marks: tuple[Any, ...], name: str, given: Any, keys: KeyPath) -> Any:
        """Read one value as the type of its field."""
        if dataclasses.is_dataclass(hint):
            return self.table(typing.cast("type[Any]", hint), given, keys)
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin is tuple:
            return self.several(arguments[0], marks, name, given, keys)
        if origin is typing.Literal:
            return self.choice(arguments, given, keys)
        if origin in (dict, Mapping):
            return given if isinstance(given, dict) else self.wrong(keys, f"expected a table, got {_shown(given)}")
        return self.number_or_text(hint, marks, name, given, keys)

    def several(self, hint: Any, marks: tuple[Any, ...], name: str, given: Any, keys: KeyPath) -> Any:
        """Read a list."""
        hint, more = unmarked(hint)
        if not isinstance(given, list):
            form = f"[[{keys[-1]}]]" if dataclasses.is_dataclass(hint) else f"[{_toml(given)}]"
            return self.wrong(keys, f"expected a list, written {form}, got {_shown(given)}")
        read = [self.value(hint, marks + more, name, each, (*keys, i)) for i, each in enumerate(given)]
        return _BAD if any(each is _BAD for each in read) else tuple(read)

    def choice(self, options: tuple[Any, ...], given: Any, keys: KeyPath) -> Any:
        """Read one of some words."""
        if given in options and isinstance(given, str):
            return given
        nearest = difflib.get_close_matches(str(given), options, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        return self.wrong(keys, f"expected {' or '.join(map(repr, options))}, got {_shown(given)}{hint}")

    def number_or_text(self, hint: Any, marks: tuple[Any, ...], name: str, given: Any, keys: KeyPath) -> Any:
        """Read text, a number, a time, a size or a flag."""
        if isinstance(given, str) and hint is not str and (name.endswith(("_s", "_bytes"))):
            try:
                given = hint(seconds(given) if name.endswith("_s") else size(given))
            except ConfigError as error:
                return self.wrong(keys, f"{error}, got {_shown(given)}")
        if hint is float and type(given) is int:
            given = float(given)
        if type(given) is not hint:
            return self.wrong(keys, f"expected {_expected(hint, name)}, got {_shown(given)}")
        return self.marked(marks, given, keys)

    def marked(self, marks: tuple[Any, ...], given: Any, keys: KeyPath) -> Any:
        """Hold a value against the marks of its field."""
        for mark in marks:
            if isinstance(mark, Range) and not (mark.low <= given <= mark.high and math.isfinite(given)):
                return self.wrong(keys, f"must be {mark}, got {_shown(given)}")
            if isinstance(mark, Checked):
                try:
                    mark.check(given)
                except ConfigError as error:
                    return self.wrong(keys, str(error))
            if isinstance(mark, FilePath):
                if not given or "\0" in given:
                    return self.wrong(keys, f"expected the path of a file, got {_shown(given)}")
                given = given if "://" in given else str(self.folder / Path(given).expanduser())
        return given


def _expected(hint: Any, name: str) -> str:
    if name.endswith("_s"):
        return 'a time such as "30s" or "7d", or seconds'
    if name.endswith("_bytes"):
        return 'a size such as "100MB", or bytes'
    return _NAMES[hint]


def _toml(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _shown(value: Any) -> str:
    """Show a value as it was written, not too much of it."""
    if isinstance(value, dict):
        return "a table"
    text = _toml(value) if not isinstance(value, list) else "a list"
    return text if len(text) <= 60 else text[:57] + "..."
