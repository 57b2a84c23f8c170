"""Rivals that learn an embedding as CLAN does, with other objectives: one line each in a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clan.detect.scorers import scorer_class
from clan.evaluate.rivals.base import Rival, Rows
from clan.evaluate.rivals.trained import InTheLoop


class Embedding(InTheLoop):
    """An encoder of some objective, and a scorer on its embedding.

    Args:
        changes: See `InTheLoop`, and so the rest.
        scorer: Name in `clan.detect.SCORERS`.
        seed: See there.
        width: See there.
        epochs: See there.
    """

    def __init__(
        self,
        changes: Mapping[str, Any],
        scorer: str,
        *,
        seed: int = 0,
        width: str = "common",
        epochs: int | None = None,
    ) -> None:
        super().__init__(changes, seed=seed, width=width, epochs=epochs)
        self.scorer = scorer

    def fit_rows(self, x: Rows) -> None:
        """Train, and fit the scorer to the training rows' embeddings."""
        self.encoder = self.train(x).encoder
        self.scorer_ = scorer_class(self.scorer).fit(x, self.encoder.embed(x), seed=self.seed)

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Score by the embedding."""
        return self.scorer_.score(x, self.encoder.embed(x))


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """How a contrastive rival differs from CLAN."""

    reference: str
    checked: str
    changes: Mapping[str, Any] = field(default_factory=dict)


_FORMULA = "loss and gradient equal a slow loop of the formula"
_RESAMPLED = {"augmentation": "marginal", "probability": 0.3}
"""Positive views of the general methods, as SCARF makes them for tables: what is normal for each feature stays so."""

METHODS: dict[str, Method] = {
    "clan_paper_loss": Method(
        reference="Wilkie et al. 2025, arXiv 2509.06550",
        checked=f"{_FORMULA}, exact masked form",
        changes={"objective": "clan"},
    ),
    "simclr": Method(
        reference="Chen et al. 2020, arXiv 2002.05709, eq. 1",
        checked=f"{_FORMULA}; compared with the SSCL-IDS authors' version of it, the paper not at hand",
        changes={"objective": "simclr", **_RESAMPLED},
    ),
    "barlow_twins": Method(
        reference="Zbontar et al. 2021, arXiv 2103.03230",
        checked=f"{_FORMULA}, compared with the authors' code",
        changes={"objective": "barlow_twins", **_RESAMPLED},
    ),
    "vicreg": Method(
        reference="Bardes et al. 2022, arXiv 2105.04906",
        checked=f"{_FORMULA}, compared with a stored copy of the authors' code",
        changes={"objective": "vicreg", **_RESAMPLED},
    ),
    "simsiam": Method(
        reference="Chen and He 2021, arXiv 2011.10566",
        checked=f"{_FORMULA}; predictor and stop-gradient compared with the authors' code",
        changes={"objective": "simsiam", **_RESAMPLED},
    ),
    "byol": Method(
        reference="Grill et al. 2020, arXiv 2006.07733",
        checked=f"{_FORMULA}, which is from memory: the paper was not at hand",
        changes={"objective": "byol", **_RESAMPLED},
    ),
    "sscl_ids": Method(
        reference="Golchin et al. 2024, doi 10.23919/IFIPNetworking62109.2024.10619725",
        checked=f"{_FORMULA}; loss, rates and temperature compared with the authors' code, the paper not at hand",
        changes={"objective": "sscl_ids", "augmentation": "marginal", "probability": 0.4},
    ),
    "conflow": Method(
        reference="Liu et al. 2023, doi 10.1007/978-3-031-73699-5_9",
        checked=f"{_FORMULA}; loss, dropout and temperature compared with the authors' code, the paper not at hand; "
        "without labels, as a benign-only comparison must be",
        changes={"objective": "conflow", "augmentation": "identity"},
    ),
    "cldnn": Method(
        reference="Yue et al. 2022, Contrastive Learning Enhanced Intrusion Detection, IEEE TNSM (a guess)",
        checked="not checked: which paper is meant by the name was not found; masking and temperature as in that code",
        changes={"objective": "cldnn", "augmentation": "zero_out", "probability": 0.1},
    ),
}
"""Rival name to what it changes."""


def contrastive_rivals() -> dict[str, Rival]:
    """List each method scored by one centroid, as in the CLAN paper, and by prototypes in its embedding."""
    rivals = {}
    for name, method in METHODS.items():
        for suffix, scorer in (("", "centroid"), ("+prototypes", "embedding_prototypes")):
            rivals[name + suffix] = Rival(
                name=name + suffix,
                family="contrastive",
                make=partial(Embedding, method.changes, scorer),
                reference=method.reference,
                checked=method.checked,
            )
    return rivals
