r"""Text from outside, made safe to look at.

Addresses, paths, interface and column names come from packets, logs and file systems that an attacker may write. Before
any of it reaches a terminal or a page, everything that does not print as itself (control characters, terminal escapes,
line breaks, bidirectional overrides, zero-width characters, lone surrogates) becomes a visible ``\x..`` or ``\u....``.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ENCODER: Final = json.JSONEncoder(ensure_ascii=True, allow_nan=False, check_circular=False, separators=(",", ":"))
_ESCAPES: Final = {char: f"\\u{ord(char):04x}" for char in "<>&\x7f"}
_LONG: Final = 8192  # characters of JSON from which on its texts are looked at one by one


def visible(text: str, *, limit: int = 240) -> str:
    r"""Spell out what would not print as itself, and shorten what is too long.

    Markup is left alone: the page and the terminal each escape their own on top of this.

    Args:
        text: Any string.
        limit: Longest result in characters, > 0; a longer text is cut and ends in ``…``.

    Returns:
        A single printable line.

    Example:
        >>> visible("eth0\x1b[31m\u202e")
        'eth0\\x1b[31m\\u202e'
    """
    if len(text) > limit:
        text = text[: limit + 1]  # nothing gets shorter by being spelled out
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _spelled(char) for char in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def ascii_json(value: Any) -> str:
    r"""Write JSON in one line of harmless ASCII.

    Control characters, line separators and everything beyond ASCII are ``\u`` escapes, and so are ``<``, ``>``, ``&``
    and DEL. Texts of more than 512 characters are cut where the line is long, and lone surrogates, which strict parsers
    refuse, become U+FFFD.

    Raises:
        ValueError: A number is not finite, which JSON has no word for.
    """
    quick = _quick(value)
    text = _ENCODER.encode(value) if quick is None else quick
    if len(text) > _LONG or "\\ud" in text:  # the latter begins every surrogate, alone or in a pair
        text = _ENCODER.encode(_all_bounded(value))
    for char, escape in _ESCAPES.items():  # only ever inside strings
        if char in text:
            text = text.replace(char, escape)
    return text


def _quick(value: Any) -> str | None:
    """Write what is plain the quick way; None for what has to be looked at: beyond ASCII, or a number not finite."""
    try:
        found = msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError):
        return None
    # it leaves letters beyond ASCII as they are, and writes null for a number that is not finite
    return found.decode("ascii") if found.isascii() and b"null" not in found else None


def _all_bounded(value: Any) -> Any:
    """Bound every text in lists and objects; their keys are ours."""
    if isinstance(value, str):
        return bounded(value, limit=512)
    if isinstance(value, dict):
        return {key: _all_bounded(each) for key, each in value.items()}
    return [_all_bounded(each) for each in value] if isinstance(value, list | tuple) else value


def _spelled(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def bounded(text: str, *, limit: int = 1024) -> str:
    r"""Shorten what is too long, and replace what no encoding can carry; everything else stays as it is.

    For formats that escape by themselves and are read by machines, such as JSON.

    Args:
        text: Any string.
        limit: Longest result in characters, > 0; a longer text is cut and ends in ``…``.

    Returns:
        A string without lone surrogates.

    Example:
        >>> bounded("a\udce9\n"), bounded("long" * 1000, limit=5)
        ('a�\n', 'long…')
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
