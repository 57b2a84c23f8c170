"""A verdict: what a person says of an alert, and what follows from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from clan.errors import ConfigError

Opinion = Literal["benign", "malicious"]
Scope = Literal["hosts", "everywhere"]

MALICIOUS = "malicious"
"""Name of the class of malicious flows that nobody named."""
_CLASS = re.compile(r"[^\x00-\x1f\x7f]{1,64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a person says of an alert.

    Attributes:
        verdict_id: Its number in the store.
        alert_id: The alert.
        opinion: `benign`: flows like it alert no more. `malicious`: it has a name, for naming.
        label: Name of the class of a malicious flow, or None.
        scope: Where flows like a benign one alert no more: between its `hosts` (its originator or its responder is the
            same), or `everywhere`.
        reason: Why, in words.
        forced: What the guard had against it, or None.
        made: When.
        undone: When it was taken back, or None.
        hits: Alerts that it hid as they came.
    """

    verdict_id: int
    alert_id: str
    opinion: Opinion
    label: str | None
    scope: Scope
    reason: str
    forced: str | None
    made: datetime
    undone: datetime | None = None
    hits: int = 0

    @property
    def hidden_by(self) -> str:
        """What alerts say that it hides."""
        return hidden_by(self.verdict_id)

    def __str__(self) -> str:
        return self.opinion if self.label is None else f"{self.opinion}:{self.label}"


def hidden_by(verdict_id: int) -> str:
    """Name a verdict where suppressions have their ids."""
    return f"verdict:{verdict_id}"


def opinion_of(text: str) -> tuple[Opinion, str | None]:
    """Read `benign`, `malicious` or `malicious:CLASS`.

    Raises:
        ConfigError: It is none of these.

    Example:
        >>> opinion_of("malicious:port_scan")
        ('malicious', 'port_scan')
    """
    word, colon, label = text.strip().partition(":")
    label = label.strip()
    if word.lower() == "benign" and not colon:
        return "benign", None
    if word.lower() == "malicious" and (not colon or _CLASS.fullmatch(label)):
        return "malicious", label or None
    raise ConfigError(f"a verdict is benign, malicious or malicious:CLASS (1 to 64 characters), got {text[:80]!r}")
