"""A TOML file as it was written: its values, and on which line each of them stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from clan.errors import ConfigError, SourceUnavailable

KeyPath = tuple[str | int, ...]
"""Keys from the outside in; a number is the place in a list of tables."""

MAX_BYTES: Final = 1 << 20
"""A longer file is no configuration."""

_PART: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY: Final = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")
_TABLE: Final = re.compile(rf"\s*(\[\[?)\s*({_PART}(?:\s*\.\s*{_PART})*)\s*\]")
_HINTS: Final = (
    ("Invalid value", 'text stands in quotes, as in model = "office.clan"'),
    ("Unescaped", "a backslash in double quotes is written twice; single quotes leave it as it is"),
    ("Cannot overwrite", "each key may be there once"),
    ("Cannot declare", "each table may be there once; a list of tables has [[double]] brackets"),
)


@dataclass(frozen=True, kw_only=True)
class Document:
    """Settings as they were given.

    Attributes:
        path: The file, for messages.
        values: What it says.
        lines: Where each key stands; keys that were set on the command line have no line.
        overrides: Keys that were set on the command line.
    """

    path: str
    values: dict[str, Any]
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    overrides: frozenset[KeyPath] = frozenset()

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a file.

        Raises:
            SourceUnavailable: It cannot be read.
            ConfigError: It is no TOML; the message says where.
        """
        try:
            with Path(path).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise SourceUnavailable(f"cannot read {path}: {error.strerror or error}") from error
        if len(data) > MAX_BYTES:
            raise ConfigError(f"{path} has more than {MAX_BYTES:,} bytes: that is no configuration")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise ConfigError(f"{path}:{line}: this is no UTF-8 text") from error
        return cls.of(text, path=str(path))

    @classmethod
    def of(cls, text: str, *, path: str) -> Self:
        """Take settings from text.

        Raises:
            ConfigError: It is no TOML.
        """
        text = text.replace("\r\n", "\n")
        try:
            values = tomllib.loads(text + "\n")  # an error in the last line is in that line, not "at the end"
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(_where(path, str(error))) from error
        except ValueError as error:  # a number with more digits than Python reads
            raise ConfigError(f"{path} is no TOML that clan reads: {error}") from error
        except RecursionError as error:
            raise ConfigError(f"{path}: its values lie too deep in one another") from error
        return cls(path=path, values=values, lines=dict(key_lines(text)))

    def overridden(self, assignments: Sequence[str]) -> Document:
        """Give the same with some keys set: `source.interfaces=["eth0"]`, `sinks.0.url=-`.

        What is no TOML value is taken as text, so that quotes are not needed.

        Raises:
            ConfigError: One is no assignment, or goes into something that is no table.
        """
        values, overrides = _copy(self.values), set(self.overrides)
        for text in assignments:
            name, equals, value = text.partition("=")
            keys = tuple(int(part) if part.isdigit() else part for part in name.strip().split("."))
            if not equals or "" in keys:
                raise ConfigError(f"--set {text}: expected KEY=VALUE, for instance --set metrics.port=9469")
            _put(values, keys, _value(value.strip()), text)
            overrides.add(keys)
        return Document(path=self.path, values=values, lines=self.lines, overrides=frozenset(overrides))

    def replaced(self, key: str, value: Any) -> Document:
        """Give the same with one table or key of the outermost level in place of what was there."""
        lines = {keys: line for keys, line in self.lines.items() if keys[0] != key}
        return Document(
            path=self.path, values={**self.values, key: value}, lines=lines, overrides=self.overrides | {(key,)}
        )

    def line(self, keys: KeyPath) -> int:
        """Give the line of a key, or of the innermost table around it that has one; 0 where none has."""
        return next((self.lines[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in self.lines), 0)

    def where(self, keys: KeyPath) -> str:
        """Say where a key stands, as a message begins: `watch.toml:12: `."""
        if any(keys[:end] in self.overrides for end in range(len(keys), 0, -1)):
            return "command line: "
        line = self.line(keys)
        return f"{self.path}:{line}: " if line else f"{self.path}: "


def key_lines(text: str) -> Iterator[tuple[KeyPath, int]]:
    r"""Yield keys and tables of valid TOML with the lines on which they begin.

    Example:
        >>> dict(key_lines("a = 1\n[b]\nc.d = '''\nx = 1'''\n[[e]]\nf = [\n1]"))
        {('a',): 1, ('b',): 2, ('b', 'c', 'd'): 3, ('e', 0): 5, ('e', 0, 'f'): 6}
    """
    table: KeyPath = ()
    counts: dict[KeyPath, int] = {}
    string, depth = "", 0  # the quotes of a string that goes on, and the brackets that are open
    for number, line in enumerate(text.split("\n"), start=1):
        start = 0
        if not string and not depth:
            if match := _TABLE.match(line):
                table = _inside(_parts(match[2]), counts)
                if match[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    table = (*table, counts[table])
                yield table, number
                continue
            if match := _KEY.match(line):
                yield (*table, *_parts(match[1])), number
                start = match.end()
        string, depth = _scan(line[start:], string, depth)


def _scan(line: str, string: str, depth: int) -> tuple[str, int]:
    """Follow strings and brackets through a line; gives what is open at its end."""
    at = 0
    while at < len(line):
        char = line[at]
        if string:
            if char == "\\" and string[0] == '"':
                at += 1
            elif line.startswith(string, at):
                at += len(string) - 1
                string = ""
        elif char in "\"'":
            string = char * 3 if line.startswith(char * 3, at) else char
            at += len(string) - 1
        elif char == "#":
            break
        else:
            depth += (char in "[{") - (char in "]}")
        at += 1
    return (string if len(string) == 3 else ""), max(depth, 0)


def _parts(text: str) -> KeyPath:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in re.findall(_PART, text))


def _inside(keys: KeyPath, counts: Mapping[KeyPath, int]) -> KeyPath:
    """Put the place in a list behind each key that is one, but for the last."""
    found: KeyPath = ()
    for key in keys[:-1]:
        found = (*found, key)
        if found in counts:
            found = (*found, counts[found])
    return (*found, keys[-1])


def _where(path: str, message: str) -> str:
    """Say what is wrong with TOML in the form of other messages, with a hint where people often err."""
    match = re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    hint = next((f"; {text}" for start, text in _HINTS if message.startswith(start)), "")
    if match is None:
        return f"{path}: {message}{hint}"
    place = f"{path}:{match[1]}" if match[1] else f"{path}, at its end"
    column = f", at column {match[2]}" if match[1] else ""
    return f"{place}: this is no TOML{column}: {message[: match.start()]}{hint}"


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value


def _put(values: Any, keys: KeyPath, value: Any, text: str) -> None:
    """Set one key, making the tables on the way."""
    for at, key in enumerate(keys):
        last = at == len(keys) - 1
        if isinstance(values, dict) and isinstance(key, str):
            if last:
                values[key] = value
                return
            values = values.setdefault(key, {})
        elif isinstance(values, list) and isinstance(key, int) and key < len(values) and not last:
            values = values[key]
        else:
            raise ConfigError(f"--set {text}: there is no {'.'.join(map(str, keys[: at + 1]))} that could be set")
