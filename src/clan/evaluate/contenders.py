"""Who takes part in a benchmark: clan itself, the trivial models that every table shows, and the rivals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.detect import ClanDetector
from clan.detect.presets import PRESETS
from clan.detect.scorers import SCORERS
from clan.errors import UnknownNameError
from clan.evaluate.rivals import RIVALS

Floats = NDArray[np.float64]

OURS = "clan"
"""The detector as a user gets it; tables compare the others with it."""

AUDIT = ("random_encoder", "linear", "nearest_neighbour")
"""Rivals in every table: an untrained encoder says what training adds, the others whether the data need a network."""


class Scores(Protocol):
    """What a contender makes: something that learns from benign rows and scores others."""

    def fit(self, table: pl.DataFrame, /) -> object:
        """Learn from benign rows."""

    def anomaly_score(self, table: pl.DataFrame, /) -> Floats:
        """Score rows; shape `(n,)`, higher = more anomalous."""


class Contender(Protocol):
    """One line of a table."""

    @property
    def name(self) -> str:
        """How `--detectors` names it."""

    @property
    def family(self) -> str:
        """Its kind, for the table."""

    @property
    def reference(self) -> str:
        """Where it was published."""

    @property
    def checked(self) -> str:
        """What its formula was compared with, or that it was not."""

    @property
    def make(self) -> Callable[..., Scores]:
        """Makes a fresh one from `seed=`, `width=` (common or paper) and `epochs=`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Own:
    """A contender that is no rival."""

    name: str
    family: str
    make: Callable[..., Scores]
    reference: str = "this package"
    checked: str = "its own tests"


def contenders() -> dict[str, Contender]:
    """Give all that can take part, by name: ours first, then the rivals."""
    ours: dict[str, Contender] = {OURS: Own(name=OURS, family="clan", make=_clan)}
    for name in sorted(PRESETS):
        if name != "default":
            ours[f"{OURS}:{name}"] = Own(name=f"{OURS}:{name}", family="clan", make=partial(_clan, preset=name))
    for name in sorted(SCORERS):
        ours[f"{OURS}:{name}"] = Own(name=f"{OURS}:{name}", family="clan", make=partial(_clan, scorer=name))
    return ours | dict(RIVALS)


def choose(names: Sequence[str] | None) -> list[Contender]:
    """Choose contenders by name; the audit's always take part.

    Args:
        names: Names, or the single word `all` (ours and every rival); None for ours alone.

    Raises:
        UnknownNameError: No contender has this name.
    """
    known = contenders()
    if list(names or ()) == ["all"]:
        wanted = [OURS, *(name for name in known if not name.startswith(OURS))]
    else:
        wanted = list(names) if names else [OURS]
    for name in wanted:
        if name not in known:
            raise UnknownNameError("detector", name, known)
    return [known[name] for name in dict.fromkeys([*wanted, *AUDIT])]


def _clan(*, seed: int, width: str = "common", epochs: int | None = None, **settings: Any) -> Scores:  # noqa: ARG001
    """ClanDetector as a user would call it, threshold included; its own width whatever the others'."""
    return ClanDetector(random_state=seed, fpr=0.01, epochs=epochs, **settings)
