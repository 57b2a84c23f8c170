"""Rivals that learn to give rows back: autoencoder, DAE-LR, DUAD, DAGMM, AutoSVM; and Deep SVDD, their kin."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.svm import OneClassSVM

from clan.evaluate.rivals.base import Rival, Rows
from clan.evaluate.rivals.trained import InTheLoop

BOTTLENECK = 16
"""Dimensions of the codes at the common width: well below the features of any data set here."""


class Reconstruction(InTheLoop):
    """Squared distance of a row to what its code decodes to."""

    objective: ClassVar[str] = "autoencoder"
    dim: ClassVar[int] = BOTTLENECK

    def __init__(self, *, seed: int = 0, width: str = "common", epochs: int | None = None) -> None:
        changes: dict[str, Any] = {"objective": self.objective, "dim": self.dim}
        super().__init__(changes, seed=seed, width=width, epochs=epochs)

    def fit_rows(self, x: Rows) -> None:
        """Train the autoencoder."""
        self.trained = self.train(x)

    def codes(self, x: Rows) -> Rows:
        """Codes of scaled rows, shape `(n, dim)`."""
        return self.trained.encoder.project(x)

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Measure the error."""
        import torch

        from clan.objectives import Autoencoder

        objective = cast("Autoencoder", self.trained.objective)
        with torch.no_grad():
            error = objective.error(torch.from_numpy(x), torch.from_numpy(self.codes(x)))
        return np.asarray(error.numpy(), dtype=np.float64)


class Denoising(Reconstruction):
    """The same, trained to mend rows of which a tenth of the values was resampled, with small codes."""

    objective: ClassVar[str] = "denoising_autoencoder"


class DUAD(Reconstruction):
    """An autoencoder of the most ordinary rows, which are chosen again by what it learned.

    Rows are clustered by a mixture of Gaussians; clusters of low variance are kept up to a share of the rows; after
    each training the clustering is done again on codes and error.

    Source:
        Li et al. 2021, "Deep Unsupervised Anomaly Detection", WACV. Differs: three rounds from scratch, where the paper
        goes on with one network.
    """

    rounds: ClassVar[int] = 3
    kept_share: ClassVar[float] = 0.7

    def fit_rows(self, x: Rows) -> None:
        """Choose, train, and choose again."""
        described = x.astype(np.float64)
        for turn in range(self.rounds):
            super().fit_rows(x[self._ordinary(described)])
            if turn + 1 < self.rounds:
                described = np.column_stack([self.codes(x), np.sqrt(self.score_rows(x))]).astype(np.float64)

    def _ordinary(self, rows: NDArray[np.float64]) -> NDArray[np.intp]:
        """Rows of the clusters with the lowest variance, at least the share that is kept."""
        n_clusters = max(1, min(20, len(rows) // 50))
        mixture = GaussianMixture(
            n_clusters, covariance_type="diag", reg_covar=1e-3, random_state=self.seed, max_iter=50
        )
        with warnings.catch_warnings():  # a mixture that has not settled serves as well here
            warnings.simplefilter("ignore", ConvergenceWarning)
            cluster = mixture.fit_predict(rows)
        spread = np.array(
            [rows[cluster == k].var(axis=0).sum() if (cluster == k).any() else np.inf for k in range(n_clusters)]
        )
        order = np.argsort(spread[cluster], kind="stable")
        n_kept = max(2, int(np.ceil(self.kept_share * len(rows))))
        return np.sort(order[:n_kept])


class DAGMM(Reconstruction):
    """Energy of codes and errors under a mixture of Gaussians, trained together with the autoencoder."""

    objective: ClassVar[str] = "dagmm"
    dim: ClassVar[int] = 4

    def fit_rows(self, x: Rows) -> None:
        """Train, and take the mixture of all training rows."""
        super().fit_rows(x)
        self.mixture = self._objective().mixture(self._described(x))

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Measure the energy."""
        from clan.objectives.dagmm import energy

        return np.asarray(energy(self._described(x), self.mixture).numpy(), dtype=np.float64)

    def _objective(self) -> Any:
        return self.trained.objective.double().requires_grad_(requires_grad=False)

    def _described(self, x: Rows) -> Any:
        import torch

        codes = torch.from_numpy(self.codes(x).astype(np.float64))
        return self._objective().described(torch.from_numpy(x.astype(np.float64)), codes)


class AutoSVM(Reconstruction):
    """A one-class SVM on an autoencoder's codes."""

    def fit_rows(self, x: Rows) -> None:
        """Train the autoencoder, then the SVM on standardised codes."""
        super().fit_rows(x)
        codes = self.codes(x)
        self.mean, self.std = codes.mean(axis=0), codes.std(axis=0) + 1e-6
        self.svm = OneClassSVM(nu=0.05, gamma="scale").fit((codes - self.mean) / self.std)

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Measure how far beyond the SVM's border a row is."""
        return -self.svm.decision_function((self.codes(x) - self.mean) / self.std)


class DeepSVDD(InTheLoop):
    """Squared distance of the embedding to a fixed point that benign rows were drawn to."""

    def __init__(self, *, seed: int = 0, width: str = "common", epochs: int | None = None) -> None:
        super().__init__({"objective": "deep_svdd", "weight_decay": 1e-6}, seed=seed, width=width, epochs=epochs)

    def fit_rows(self, x: Rows) -> None:
        """Train the encoder; it leaves that point at the origin."""
        self.encoder = self.train(x).encoder

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Measure the distance."""
        return np.square(self.encoder.project(x).astype(np.float64)).sum(axis=1)


def autoencoder_rivals() -> dict[str, Rival]:
    """List them by name."""
    table = [
        ("autoencoder", Reconstruction, "Hinton and Salakhutdinov 2006, doi 10.1126/science.1127647", "squared error"),
        (
            "dae_lr",
            Denoising,
            "the paper that CLAN's tables mean was not found",
            "not checked: built from the name, a denoising autoencoder with a small latent representation",
        ),
        (
            "duad",
            DUAD,
            "Li et al. 2021, Deep Unsupervised Anomaly Detection, WACV",
            "not checked: only its abstract could be read; clustering and re-selection follow it, the numbers are ours",
        ),
        (
            "dagmm",
            DAGMM,
            "Zong et al. 2018, https://openreview.net/forum?id=BJJLHbb0-",
            "energy and loss equal a slow loop of the formula, which is from memory: the paper was not at hand",
        ),
        (
            "auto_svm",
            AutoSVM,
            "the paper that CLAN's tables mean was not found",
            "not checked: built from the name, a one-class SVM on an autoencoder's codes",
        ),
        (
            "deep_svdd",
            DeepSVDD,
            "Ruff et al. 2018, https://proceedings.mlr.press/v80/ruff18a.html",
            "loss and gradient equal a slow loop of the formula, which is from memory: the paper was not at hand",
        ),
    ]
    return {
        name: Rival(name=name, family="anomaly", make=make, reference=reference, checked=checked)
        for name, make, reference, checked in table
    }
