"""Settings that must be numbers."""

from __future__ import annotations

from numbers import Real
from typing import Any

from clan.errors import ConfigError


def check_number(name: str, value: Any) -> None:
    """Raise ConfigError unless a setting is a number.

    Example:
        >>> check_number("fpr", "0.1")
        Traceback (most recent call last):
        clan.errors.ConfigError: fpr must be a number, got '0.1' (str)
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        raise ConfigError(f"{name} must be a number, got {value!r} ({type(value).__name__})")
