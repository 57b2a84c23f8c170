r"""Text from outside, made safe to look at.

Addresses, paths, interface and column names come from packets, logs and file systems that an attacker may write. Before
any of it reaches a terminal or a page, everything that does not print as itself (control characters, terminal escapes,
line breaks, bidirectional overrides, zero-width characters, lone surrogates) becomes a visible ``\x..`` or ``\u....``.
"""

from __future__ import annotations

import json
from typing import Any


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
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _spelled(char) for char in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def ascii_json(value: Any) -> str:
    r"""Write JSON in one line of harmless ASCII.

    Control characters, line separators and everything beyond ASCII are ``\u`` escapes, and so are ``<``, ``>``, ``&``
    and DEL.

    Raises:
        ValueError: A number is not finite, which JSON has no word for.
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for char in "<>&\x7f":  # only ever inside strings
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _spelled(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
