"""JSON as the encodings write it."""

from __future__ import annotations

from typing import Any

from clan.alerts.text import ascii_json


def json_line(value: Any) -> bytes:
    """Write a value as one line of harmless ASCII, without its end; see `clan.alerts.text.ascii_json`."""
    return ascii_json(value).encode("ascii")


def known(**values: Any) -> dict[str, Any]:
    """Give the values that are known: neither None nor empty."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", {}, [], ())}
