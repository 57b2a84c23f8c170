"""How much is remembered."""

from __future__ import annotations

from dataclasses import dataclass

from clan.errors import ConfigError


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextSettings:
    """Bounds of the memory: below them all is exact, above them the entity that was silent longest is forgotten.

    Attributes:
        max_entities: Sources, destinations, pairs, services and source-port pairs together, about 400 bytes each.
        max_links: Combinations of source and service, about 70 bytes each.
    """

    max_entities: int = 262_144
    max_links: int = 262_144

    def __post_init__(self) -> None:
        for name in ("max_entities", "max_links"):
            value = getattr(self, name)
            if not 16 <= value <= 1 << 26:
                raise ConfigError(f"{name} must be between 16 and {1 << 26:,}, got {value:,}")
