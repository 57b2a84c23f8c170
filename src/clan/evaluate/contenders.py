"""Who takes part in a benchmark: clan itself, the trivial models that every table shows, and the rivals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from clan.detect import ClanDetector
from clan.detect.model import fit_model
from clan.detect.presets import PRESETS, preset
from clan.detect.scorers import SCORERS
from clan.encoder import fit_scaler
from clan.errors import UnknownNameError

Floats = NDArray[np.float64]

OURS = "clan"
"""The detector as a user gets it; tables compare the others with it."""

AUDIT = ("random_encoder", "linear", "nearest_neighbour")
"""In every table: an untrained encoder says what training adds, the others whether the data set is worth a network."""


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
    def make(self) -> Callable[..., Scores]:
        """Makes a fresh one from `seed=`, `width=` (common or paper) and `epochs=`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Own:
    """A contender that is no rival."""

    name: str
    family: str
    make: Callable[..., Scores]


class NearestNeighbour:
    """Distance to the nearest training row, on signed-log features; nothing in it is random."""

    def fit(self, table: pl.DataFrame) -> Self:
        """Keep the training rows."""
        self._scaler = fit_scaler("signed_log", table.to_numpy())
        self._rows = NearestNeighbors(n_neighbors=1).fit(self._scaler.transform(table.to_numpy()))
        return self

    def anomaly_score(self, table: pl.DataFrame) -> Floats:
        """Measure the distances."""
        return np.asarray(self._rows.kneighbors(self._scaler.transform(table.to_numpy()))[0][:, 0], dtype=np.float64)


class Linear:
    """What a linear map to few dimensions and back loses (principal components, 95 % of the variance).

    Args:
        seed: Of the decomposition, where it is random.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def fit(self, table: pl.DataFrame) -> Self:
        """Find the components."""
        self._scaler = fit_scaler("signed_log", table.to_numpy())
        self._pca = PCA(0.95, random_state=self._seed).fit(self._scaler.transform(table.to_numpy()))
        return self

    def anomaly_score(self, table: pl.DataFrame) -> Floats:
        """Measure the squared error of the way there and back."""
        x = self._scaler.transform(table.to_numpy())
        lost = x - self._pca.inverse_transform(self._pca.transform(x))
        return np.asarray(np.einsum("ij,ij->i", lost, lost), dtype=np.float64)


class RandomEncoder:
    """The default recipe with an encoder that was never trained: what is left is preprocessing and scorer.

    Args:
        seed: Of the weights and the prototypes.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def fit(self, table: pl.DataFrame) -> Self:
        """Draw weights, place the prototypes."""
        recipe = preset("default")
        untrained = replace(recipe.train, epochs=1, learning_rate=0.0, min_learning_rate=0.0)
        self._model = fit_model(table.to_numpy(), replace(recipe, train=untrained), seed=self._seed)
        return self

    def anomaly_score(self, table: pl.DataFrame) -> Floats:
        """Score as ClanDetector does."""
        return self._model.score(table.to_numpy())


def contenders() -> dict[str, Contender]:
    """Give all that can take part, by name: ours first, then the audit, then the rivals."""
    ours: dict[str, Contender] = {OURS: Own(name=OURS, family="clan", make=_clan)}
    for name in sorted(PRESETS):
        if name != "default":
            ours[f"{OURS}:{name}"] = Own(name=f"{OURS}:{name}", family="clan", make=partial(_clan, preset=name))
    for name in sorted(SCORERS):
        ours[f"{OURS}:{name}"] = Own(name=f"{OURS}:{name}", family="clan", make=partial(_clan, scorer=name))
    audit: dict[str, Contender] = {
        "random_encoder": Own(name="random_encoder", family="audit", make=lambda *, seed, **_: RandomEncoder(seed)),
        "linear": Own(name="linear", family="audit", make=lambda *, seed, **_: Linear(seed)),
        "nearest_neighbour": Own(name="nearest_neighbour", family="audit", make=lambda **_: NearestNeighbour()),
    }
    return ours | audit | {name: rival for name, rival in _rivals().items() if name not in ours | audit}


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


def _rivals() -> Mapping[str, Contender]:
    """Load the rivals late: they bring libraries that clan itself does not need."""
    name = "clan.evaluate.rivals"
    return dict(import_module(name).RIVALS) if find_spec(name) else {}
