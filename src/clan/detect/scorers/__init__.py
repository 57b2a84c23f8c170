"""How far a flow is from normal, one way to measure it per file."""

from __future__ import annotations

from functools import cache

from clan.detect.scorers.base import Scorer
from clan.detect.scorers.centroid import Centroid
from clan.detect.scorers.combination import Combination, combination
from clan.detect.scorers.neighbours import EmbeddingNeighbours, FeatureNeighbours, Neighbours
from clan.detect.scorers.one_sided import OneSided
from clan.detect.scorers.prototypes import EmbeddingPrototypes, FeaturePrototypes, Prototypes
from clan.detect.scorers.vmf_mixture import VMFMixture
from clan.errors import ConfigError, UnknownNameError

SCORERS: dict[str, type[Scorer]] = {
    "centroid": Centroid,
    "embedding_neighbours": EmbeddingNeighbours,
    "embedding_prototypes": EmbeddingPrototypes,
    "feature_neighbours": FeatureNeighbours,
    "feature_prototypes": FeaturePrototypes,
    "neighbours": Neighbours,
    "one_sided": OneSided,
    "prototypes": Prototypes,
    "vmf_mixture": VMFMixture,
}
"""Scorer name to class."""


def scorer_class(name: str) -> type[Scorer]:
    """Look up a scorer by name, or several joined by ``+``, whose scores are added.

    Raises:
        UnknownNameError: No scorer has this name.
        ConfigError: A scorer whose scores cannot be added, or the same one twice.

    Example:
        >>> scorer_class("feature_prototypes+vmf_mixture").needs_encoder
        True
    """
    names = [part.strip() for part in name.split("+")]
    for part in names:
        if part not in SCORERS:
            raise UnknownNameError("scorer", part, SCORERS)
    if len(names) == 1:
        return SCORERS[names[0]]
    for part in names:
        if not SCORERS[part].adds_up or names.count(part) > 1:
            adding = sorted(key for key, kind in SCORERS.items() if kind.adds_up)
            raise ConfigError(f"scorer {part!r} cannot be added in {name!r}; once each of: {', '.join(adding)}")
    return _combined(tuple((part, SCORERS[part]) for part in names))


@cache
def _combined(parts: tuple[tuple[str, type[Scorer]], ...]) -> type[Scorer]:
    """Combine scorers; the same ones give the same class."""
    return combination(dict(parts))


__all__ = [
    "SCORERS",
    "Centroid",
    "Combination",
    "EmbeddingNeighbours",
    "EmbeddingPrototypes",
    "FeatureNeighbours",
    "FeaturePrototypes",
    "Neighbours",
    "OneSided",
    "Prototypes",
    "Scorer",
    "VMFMixture",
    "scorer_class",
]
