"""What a rival has to beat to be worth a network: no training, a line, a plain classifier of changed rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier

from clan.detect.presets import PRESETS
from clan.detect.scorers import Prototypes, scorer_class
from clan.encoder import scaler_for_groups
from clan.errors import MissingExtra
from clan.evaluate.rivals.base import OnScaledRows, Rival, Rows


class RandomEncoder(OnScaledRows):
    """clan's default with an encoder that was never trained: its scaler, its network, its scorer."""

    scaler_name = str(scaler_for_groups(PRESETS["default"].scaler, ["table"]))
    scorer_name = "prototypes"

    def fit_rows(self, x: Rows) -> None:
        """Draw weights, place the prototypes.

        Raises:
            MissingExtra: torch is not installed.
        """
        try:
            import torch

            from clan.encoder.network import Network
        except ImportError as error:
            raise MissingExtra("torch", "train", "draw an encoder") from error
        settings = PRESETS["default" if self.width == "common" else "paper"].train
        self.encoder = Network(
            x.shape[1],
            width=settings.width,
            n_blocks=settings.n_blocks,
            dim=settings.dim,
            generator=torch.Generator().manual_seed(self.seed),
        ).to_numpy()
        self.scorer = scorer_class(self.scorer_name).fit(x, self.encoder.embed(x), seed=self.seed)

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Score as ClanDetector does."""
        return self.scorer.score(x, self.encoder.embed(x))


class RandomEmbedding(RandomEncoder):
    """The same, by the embedding alone: what the prototypes among the features do is left out."""

    scorer_name = "embedding_prototypes"


class Linear(OnScaledRows):
    """Squared error of the way to the principal components with 95 % of the variance, and back."""

    def fit_rows(self, x: Rows) -> None:
        """Find the components."""
        self.components = PCA(0.95, svd_solver="full").fit(x.astype(np.float64))

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Measure what is lost."""
        there = self.components.transform(x.astype(np.float64))
        return np.square(x - self.components.inverse_transform(there)).sum(axis=1)


class AugmentedClassifier(OnScaledRows):
    """Boosted trees that tell benign rows from rows of which a tenth was resampled, as CLAN's negatives are."""

    probability = 0.1
    bound = 1.7

    def fit_rows(self, x: Rows) -> None:
        """Grow the trees."""
        generator = np.random.default_rng(self.seed)
        changed = np.where(
            generator.random(x.shape) < self.probability, generator.uniform(-self.bound, self.bound, x.shape), x
        )
        rows, labels = np.concatenate([x, changed]), np.repeat([0, 1], len(x))
        self.trees = HistGradientBoostingClassifier(random_state=self.seed).fit(rows, labels)

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Log odds of being changed."""
        return np.asarray(self.trees.decision_function(x))


def baseline_rivals() -> dict[str, Rival]:
    """List them by name."""
    table = [
        ("random_encoder", RandomEncoder, f"{Prototypes.__name__} around an untrained encoder"),
        ("random_embedding", RandomEmbedding, "the same without the prototypes among the features"),
        ("linear", Linear, "principal components, 95 % of the variance"),
        ("augmented_classifier", AugmentedClassifier, "boosted trees on CLAN's negatives"),
    ]
    return {
        name: Rival(name=name, family="baseline", make=make, reference=reference, checked="nothing to check")
        for name, make, reference in table
    }
