"""Numbers with units, as a reader wants them."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import NamedTuple

_TIMES = ((60e6 * 60, "h"), (60e6, "min"), (1e6, "s"), (1e3, "ms"))
_SIZES = ((1e9, "GB"), (1e6, "MB"))
_PLAIN = ("ratio", "share", "count", "code", "class", "version", "indicator")
"""Units that say nothing behind a number."""
_PLURAL = re.compile(r"[a-z]{2}[^s]s$")
"""Units that are words for several; ``us`` and ``s`` are not."""


def number(value: float) -> str:
    """Write a number with thousands separators and at most four significant digits after rounding.

    Example:
        >>> number(8214.0), number(0.0123456), number(1.5e12)
        ('8,214', '0.01235', '1.5e+12')
    """
    size = abs(value)
    if 1000 <= size < 1e9:
        return f"{round(value):,}"  # quicker than to format a float, and rounded the same
    if not math.isfinite(value):
        return str(value)
    if size >= 1e9 or 0 < size < 1e-4:
        return f"{value:.4g}"
    if value == (whole := int(value)):
        return str(whole)
    decimals = max(0, 3 - math.floor(math.log10(size)))
    return f"{value:,.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:,.0f}"


def quantity(value: float, unit: str) -> str:
    """Write a value with its unit; times in us and sizes in bytes move to the prefix that keeps them short.

    An indicator is ``yes`` or ``no``, and a ratio has no unit.

    Args:
        value: The value in `unit`; may be infinite or NaN.
        unit: Unit as in the schema; ``""`` where it is unknown.

    Example:
        >>> quantity(8214, "packets"), quantity(1, "packets"), quantity(120_001_234, "us"), quantity(2.5e6, "bytes/s")
        ('8,214 packets', '1 packet', '2 min', '2.5 MB/s')
    """
    if unit == "indicator" and value in (0, 1):
        return "yes" if value else "no"
    spelling = _spelling(unit)
    if spelling.least <= abs(value) < math.inf:
        size, ending = next(prefix for prefix in spelling.prefixes if prefix[0] <= abs(value))
        return number(value / size) + ending
    shown = number(value)
    return shown + (spelling.of_one if shown == "1" else spelling.ending)


class _Spelling(NamedTuple):
    """What stands behind numbers of a unit.

    Attributes:
        ending: Without a prefix.
        of_one: The same behind a 1.
        prefixes: From which value on what stands there instead, the largest first.
        least: The least of those values; infinite without prefixes.
    """

    ending: str
    of_one: str
    prefixes: tuple[tuple[float, str], ...]
    least: float


@lru_cache(maxsize=256)
def _spelling(unit: str) -> _Spelling:
    base, slash, per = unit.partition("/")
    prefixes = _TIMES if unit == "us" else _SIZES if base == "bytes" else ()
    ending = "" if unit in _PLAIN else f" {unit}".rstrip()
    of_one = f" {base[:-1]}{slash}{per}" if ending and _PLURAL.search(base) else ending
    spelt = tuple((size, f" {name}{slash}{per}".rstrip()) for size, name in prefixes)
    return _Spelling(ending, of_one, spelt, min((size for size, _ in spelt), default=math.inf))


def count(value: float) -> str:
    """Write an expected count: whole from 10 on, two digits below.

    Example:
        >>> count(122.46), count(3.14159), count(0.0)
        ('122', '3.1', '0')
    """
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"


def compact(value: float) -> str:
    """Write a count in at most four characters or so, for the ticks of an axis.

    Example:
        >>> compact(950), compact(10_000), compact(2_500_000)
        ('950', '10k', '2.5M')
    """
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{suffix}"
    return f"{value:g}"
