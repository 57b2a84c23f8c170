"""Who takes part in a benchmark: clan itself, the trivial models that every table shows, and the rivals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from clan.detect import ClanDetector
from clan.detect.presets import PRESETS
from clan.detect.scorers import SCORERS
from clan.errors import UnknownNameError
from clan.evaluate.rivals import RIVALS, Detector, Rival

OURS = "clan"
"""The detector as a user gets it; tables compare the others with it."""

AUDIT = ("random_encoder", "linear", "nearest_neighbour")
"""Rivals in every table: an untrained encoder says what training adds, the others whether the data need a network."""


def contenders() -> dict[str, Rival]:
    """Give all that can take part, by name: ours first, then the rivals."""
    ours = {OURS: _own(OURS, _clan)}
    for name in sorted(PRESETS):
        if name != "default":
            ours[f"{OURS}:{name}"] = _own(f"{OURS}:{name}", partial(_clan, preset=name))
    for cleaned, scorer in ((f"{OURS}:clean", None), (f"{OURS}:feature_prototypes:clean", "feature_prototypes")):
        ours[cleaned] = _own(cleaned, partial(_clan, clean=0.05, scorer=scorer))
    for name in sorted(SCORERS):
        ours[f"{OURS}:{name}"] = _own(f"{OURS}:{name}", partial(_clan, scorer=name))
    return ours | dict(RIVALS)


def choose(names: Sequence[str] | None) -> list[Rival]:
    """Choose contenders by name; the audit's always take part.

    Args:
        names: Names, or the single word `all` (ours and every rival); None for ours alone.

    Raises:
        UnknownNameError: No contender has this name.
    """
    known = contenders()
    wanted = [OURS, *RIVALS] if list(names or ()) == ["all"] else list(names) if names else [OURS]
    for name in wanted:
        if name not in known:
            raise UnknownNameError("detector", name, known)
    return [known[name] for name in dict.fromkeys([*wanted, *AUDIT])]


def _own(name: str, make: Callable[..., Detector]) -> Rival:
    """Make the line of a detector of this package."""
    return Rival(name=name, family="clan", make=make, reference="this package", checked="its own tests")


def _clan(*, seed: int, width: str = "common", epochs: int | None = None, **settings: Any) -> Detector:  # noqa: ARG001
    """ClanDetector as a user would call it, threshold included; its own width whatever the others'."""
    return ClanDetector(random_state=seed, fpr=0.01, epochs=epochs, **settings)
