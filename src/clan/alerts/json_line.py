"""JSON as clan writes it: one line of harmless ASCII."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import msgspec

from clan.alerts.text import bounded

_ENCODER: Final = json.JSONEncoder(ensure_ascii=True, allow_nan=False, check_circular=False, separators=(",", ":"))
_ESCAPES: Final = {code: b"\\u%04x" % code for code in b"<>&\x7f"}
_BACKSLASH: Final = ord("\\")
LARGEST: Final = (2 - 2**-23) * 2.0**127
"""Largest number of 32 bits, which an infinite score becomes."""
_LONG: Final = 8192  # bytes of JSON from which on its texts are looked at one by one


def json_line(value: Any) -> bytes:
    r"""Write JSON in one line of harmless ASCII, without its end.

    Control characters, line separators and everything beyond ASCII are ``\u`` escapes, and so are ``<``, ``>``, ``&``
    and DEL. Texts of more than 512 characters are cut where the line is long, and lone surrogates, which strict parsers
    refuse, become U+FFFD.

    Raises:
        ValueError: A number is not finite, which JSON has no word for.
    """
    line = _quick(value) or _ENCODER.encode(value).encode("ascii")
    if len(line) > _LONG or (_BACKSLASH in line and b"\\ud" in line):  # that begins every surrogate, alone or in a pair
        line = _ENCODER.encode(_all_bounded(value)).encode("ascii")
    for code, escape in _ESCAPES.items():  # only ever inside strings
        if code in line:
            line = line.replace(bytes([code]), escape)
    return line


def _quick(value: Any) -> bytes | None:
    """Write what is plain the quick way; None for what has to be looked at: beyond ASCII, or a number not finite."""
    try:
        found = msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError):
        return None
    # it leaves letters beyond ASCII as they are, and writes null for a number that is not finite
    return found if found.isascii() and b"null" not in found else None


def _all_bounded(value: Any) -> Any:
    """Bound every text in lists and objects; their keys are ours."""
    if isinstance(value, str):
        return bounded(value, limit=512)
    if isinstance(value, dict):
        return {key: _all_bounded(each) for key, each in value.items()}
    return [_all_bounded(each) for each in value] if isinstance(value, list | tuple) else value


def finite(number: float) -> float | None:
    """A number that JSON and fields of 32 bits can carry: what is beyond becomes the last of them, NaN is not known."""
    return None if math.isnan(number) else min(max(number, -LARGEST), LARGEST)


def known(**values: Any) -> dict[str, Any]:
    """Give the values that are known: neither None nor empty."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", {}, [], ())}
