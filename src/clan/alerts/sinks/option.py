"""Options of sinks as text or TOML values, made into the fields of a dataclass."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from clan.errors import ConfigError, UnknownNameError

Value = str | int | float | bool

_T = TypeVar("_T")
_SIZES: Final = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}
_TIMES: Final = {"": 1.0, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER: Final = re.compile(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*([A-Za-z]*)\s*", re.ASCII)
_FLAGS: Final = {
    "yes": True,
    "true": True,
    "on": True,
    "1": True,
    "no": False,
    "false": False,
    "off": False,
    "0": False,
}


def option_names(kind: type) -> dict[str, dataclasses.Field[Any]]:
    """Give the options that a dataclass of settings has, by the name that users write.

    A field `wait_s` is written `wait` and takes a time such as `5s`; a field with a size is called `..._max` or
    `rotate` and takes `100MB`.
    """
    return {f.name.removesuffix("_s"): f for f in dataclasses.fields(kind)}


def read_options(kind: type[_T], given: Mapping[str, Value], *, what: str) -> _T:
    """Make settings of options.

    Args:
        kind: A dataclass whose fields are str, int, float, bool, a Literal, or one of these or None.
        given: Options by name.
        what: Whose options they are, for messages.

    Raises:
        UnknownNameError: An option that there is not.
        ConfigError: A value that it cannot have.
    """
    known, hints = option_names(kind), typing.get_type_hints(kind)
    values = {}
    for name, value in given.items():
        if name not in known:
            raise UnknownNameError(f"option of {what}", name, known)
        field = known[name]
        values[field.name] = _value(hints[field.name], field, name, value, what)
    missing = [n for n, f in known.items() if _required(f) and n not in given]
    if missing:
        raise ConfigError(f"{what} needs {', '.join(missing)}")
    try:
        return kind(**values)
    except ConfigError as error:
        raise ConfigError(f"{what}: {error}") from error


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _value(hint: Any, field: dataclasses.Field[Any], name: str, value: Value, what: str) -> Any:
    """Read one value as the field's type."""
    choices: tuple[Any, ...] = ()
    if isinstance(hint, types.UnionType):
        hint = next(each for each in typing.get_args(hint) if each is not type(None))
    if typing.get_origin(hint) is typing.Literal:
        choices, hint = typing.get_args(hint), str
    expected: Any = {str: "text", int: "a whole number or a size such as 100MB", bool: "yes or no"}.get(
        hint, "a time such as 5s" if field.name.endswith("_s") else "a number"
    )
    read = _READERS[hint](str(value).lower() if isinstance(value, bool) else str(value))
    if read is None or (choices and read not in choices):
        expected = " or ".join(map(str, choices)) if choices else expected
        raise ConfigError(f"option {name} of {what} takes {expected}, got {value!r}")
    return read


def _size(text: str) -> int | None:
    match = _NUMBER.fullmatch(text)
    if match is None or match[2].upper() not in _SIZES:
        return None
    return (
        int(float(match[1]) * _SIZES[match[2].upper()]) if match[2] else int(match[1]) if match[1].isdigit() else None
    )


def _time(text: str) -> float | None:
    match = _NUMBER.fullmatch(text)
    return None if match is None or match[2] not in _TIMES else float(match[1]) * _TIMES[match[2]]


_READERS: Final[dict[Any, Any]] = {
    str: lambda text: text,
    int: _size,
    float: _time,
    bool: lambda t: _FLAGS.get(t.lower()),
}
