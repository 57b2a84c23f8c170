r"""Text from outside, made safe to look at.

Addresses, paths, interface and column names come from packets, logs and file systems that an attacker may write. Before
any of it reaches a terminal or a page, everything that does not print as itself (control characters, terminal escapes,
line breaks, bidirectional overrides, zero-width characters, lone surrogates) becomes a visible ``\x..`` or ``\u....``.
"""

from __future__ import annotations

import re
from typing import Final

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


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
