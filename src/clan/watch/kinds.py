"""What a setting may be beyond its type: marks on the fields of settings."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from clan.errors import ConfigError

_TIMES: Final = {"ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_SIZES: Final = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}
_QUANTITY: Final = re.compile(r"\s*(\d{1,15}(?:\.\d{1,9})?)\s*([A-Za-z]*)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, both included."""

    low: float = -math.inf
    high: float = math.inf

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"at least {self.low:g}"
        return f"between {self.low:g} and {self.high:g}"


@dataclass(frozen=True, slots=True)
class FilePath:
    """The path of a file; one that is not absolute counts from the folder of the configuration. A URL stays one."""


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """A value that a variable of the environment takes the place of: a secret, or where to bind."""

    variable: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A value that a function looks at; it raises ConfigError where it cannot be."""

    check: Callable[[Any], object]


def ip_address(text: str) -> None:
    """Raise unless a text is an IP address.

    Raises:
        ConfigError: It is none.
    """
    try:
        ipaddress.ip_address(text)
    except ValueError as error:
        raise ConfigError(f'expected an IP address such as "127.0.0.1", got "{text}"') from error


def seconds(text: str) -> float:
    """Read a time with its unit.

    Raises:
        ConfigError: It is none.

    Example:
        >>> seconds("7d"), seconds("1.5 h")
        (604800.0, 5400.0)
    """
    match = _QUANTITY.fullmatch(text)
    if match is None or match[2] not in _TIMES:
        raise ConfigError("expected a time such as 30s, 5m, 12h or 7d")
    return float(match[1]) * _TIMES[match[2]]


def size(text: str) -> int:
    """Read a number of bytes with its unit.

    Raises:
        ConfigError: It is none.

    Example:
        >>> size("100 MB"), size("64KiB")
        (100000000, 65536)
    """
    match = _QUANTITY.fullmatch(text)
    if match is None or match[2].upper() not in _SIZES:
        raise ConfigError("expected a size such as 64KiB or 100MB")
    return int(float(match[1]) * _SIZES[match[2].upper()])


def as_time(value: float) -> str:
    """Write seconds in the largest unit that divides them.

    Example:
        >>> as_time(604800), as_time(90), as_time(0.25)
        ('7d', '90s', '250ms')
    """
    for unit in ("d", "h", "m", "s"):
        if value and value % _TIMES[unit] == 0:
            return f"{value / _TIMES[unit]:.0f}{unit}"
    digits = f"{value * 1000 if value < 1 else value:.6f}".rstrip("0").removesuffix(".")
    return f"{digits}{'ms' if 0 < value < 1 else 's'}"


def as_size(value: int) -> str:
    """Write bytes in the largest unit that divides them.

    Example:
        >>> as_size(1 << 20), as_size(100_000_000), as_size(1)
        ('1MiB', '100MB', '1B')
    """
    for unit in ("GiB", "GB", "MiB", "MB", "KiB", "KB"):
        if value and value % _SIZES[unit.upper()] == 0:
            return f"{value // _SIZES[unit.upper()]}{unit}"
    return f"{value}B"
