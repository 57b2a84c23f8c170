"""Detectors of the literature behind one set of verbs, so that a table compares methods and nothing else.

The preprocessing is common: signed-log and z-score, fitted on the benign training rows. Those that train a network do
so in clan's loop, all at one width and number of steps.
"""

from __future__ import annotations

from clan.errors import UnknownNameError
from clan.evaluate.rivals.autoencoders import autoencoder_rivals
from clan.evaluate.rivals.base import Detector, Rival
from clan.evaluate.rivals.baselines import baseline_rivals
from clan.evaluate.rivals.classical import classical_rivals
from clan.evaluate.rivals.contrastive import contrastive_rivals

RIVALS: dict[str, Rival] = contrastive_rivals() | autoencoder_rivals() | classical_rivals() | baseline_rivals()
"""Rival name to rival."""


def rival(name: str) -> Rival:
    """Look up a rival by name.

    Raises:
        UnknownNameError: No rival has this name.
    """
    if name not in RIVALS:
        raise UnknownNameError("rival", name, RIVALS)
    return RIVALS[name]


__all__ = ["RIVALS", "Detector", "Rival", "rival"]
