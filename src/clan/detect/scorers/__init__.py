"""How far a flow is from normal, one way to measure it per file."""

from __future__ import annotations

from clan.detect.scorers.base import Scorer
from clan.detect.scorers.centroid import Centroid
from clan.detect.scorers.prototypes import EmbeddingPrototypes, FeaturePrototypes, Prototypes
from clan.errors import UnknownNameError

SCORERS: dict[str, type[Scorer]] = {
    "centroid": Centroid,
    "embedding_prototypes": EmbeddingPrototypes,
    "feature_prototypes": FeaturePrototypes,
    "prototypes": Prototypes,
}
"""Scorer name to class."""


def scorer_class(name: str) -> type[Scorer]:
    """Look up a scorer by name.

    Raises:
        UnknownNameError: No scorer has this name.
    """
    if name not in SCORERS:
        raise UnknownNameError("scorer", name, SCORERS)
    return SCORERS[name]


__all__ = ["SCORERS", "Centroid", "EmbeddingPrototypes", "FeaturePrototypes", "Prototypes", "Scorer", "scorer_class"]
