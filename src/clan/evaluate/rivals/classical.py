"""Rivals that train no network: trees, margins, distances and densities, mostly by scikit-learn."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import OneClassSVM

from clan.detect.scorers.kmeans import k_means
from clan.detect.scorers.prototypes import squared_distance
from clan.evaluate.rivals.base import OnScaledRows, Rival, Rows


class Forest(OnScaledRows):
    """How few random cuts it takes to part a row from the others; 200 trees."""

    def fit_rows(self, x: Rows) -> None:
        """Grow the trees."""
        self.forest = IsolationForest(n_estimators=200, random_state=self.seed).fit(x)

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Count the cuts."""
        return -self.forest.score_samples(x)


class SVM(OnScaledRows):
    """How far beyond the border of 95 % of the training rows a row is, in a Gaussian kernel's space."""

    def fit_rows(self, x: Rows) -> None:
        """Find the border."""
        self.svm = OneClassSVM(nu=0.05, gamma="scale").fit(x)

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Measure the distance to it."""
        return -self.svm.decision_function(x)


class Nearest(OnScaledRows):
    """Mean distance to the nearest training rows.

    Args:
        n_neighbors: How many.
        seed: See `OnScaledRows`, and so the rest.
        width: See there.
        epochs: See there.
    """

    def __init__(self, n_neighbors: int, *, seed: int = 0, width: str = "common", epochs: int | None = None) -> None:
        super().__init__(seed=seed, width=width, epochs=epochs)
        self.n_neighbors = n_neighbors

    def fit_rows(self, x: Rows) -> None:
        """Keep the rows."""
        self.neighbours = NearestNeighbors(n_neighbors=min(self.n_neighbors, len(x))).fit(x)

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Measure the distances."""
        return np.asarray(self.neighbours.kneighbors(x)[0].mean(axis=1))


class KMeansPrototypes(OnScaledRows):
    """Squared distance to the nearest of 256 k-means centres."""

    def fit_rows(self, x: Rows) -> None:
        """Place the centres."""
        self.centers = k_means(x, 256, seed=self.seed)

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Measure the distance."""
        return squared_distance(x, self.centers)


class Mahalanobis(OnScaledRows):
    """Squared Mahalanobis distance to the mean, with a covariance shrunk as Ledoit and Wolf do."""

    def fit_rows(self, x: Rows) -> None:
        """Take mean and covariance."""
        self.covariance = LedoitWolf().fit(x.astype(np.float64))

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Measure the distance."""
        return np.asarray(self.covariance.mahalanobis(x.astype(np.float64)))


class ECOD(OnScaledRows):
    """How rare each value is in the tails of its column's training values; added up over the columns.

    Per column the larger of both tails counts. The same as PyOD's for one new row at a time; PyOD itself ranks all new
    rows together with the training rows, so that a score depends on its neighbours in the table.
    """

    def fit_rows(self, x: Rows) -> None:
        """Sort each column."""
        self.ordered = np.sort(x, axis=0)

    def score_rows(self, x: Rows) -> NDArray[np.floating]:
        """Add up how rare the values are, in nats."""
        n, total = len(self.ordered), np.zeros(len(x))
        for j, column in enumerate(self.ordered.T):
            low = -np.log((np.searchsorted(column, x[:, j], side="right") + 1) / (n + 1))
            high = -np.log((n - np.searchsorted(column, x[:, j], side="left") + 1) / (n + 1))
            total += np.maximum(low, high)
        return total


def classical_rivals() -> dict[str, Rival]:
    """List them by name."""
    library = "scikit-learn's"
    ours = "clan's own, tested against a slow loop"
    return {
        rival.name: rival
        for rival in (
            Rival(
                name="isolation_forest",
                family="anomaly",
                make=Forest,
                reference="Liu et al. 2008, doi 10.1109/ICDM.2008.17",
                checked=library,
            ),
            Rival(
                name="one_class_svm",
                family="anomaly",
                make=SVM,
                reference="Schölkopf et al. 2001, doi 10.1162/089976601750264965",
                checked=library,
            ),
            Rival(
                name="ecod",
                family="distance",
                make=ECOD,
                reference="Li et al. 2022, arXiv 2201.00382",
                checked="equal to PyOD's for one new row",
            ),
            Rival(
                name="nearest_neighbour",
                family="distance",
                make=partial(Nearest, 1),
                reference="Ramaswamy et al. 2000, doi 10.1145/342009.335437",
                checked=library,
            ),
            Rival(
                name="5_nearest_neighbours",
                family="distance",
                make=partial(Nearest, 5),
                reference="Ramaswamy et al. 2000, doi 10.1145/342009.335437",
                checked=library,
            ),
            Rival(
                name="kmeans_prototypes",
                family="distance",
                make=KMeansPrototypes,
                reference="256 centres of scikit-learn's k-means",
                checked=ours,
            ),
            Rival(
                name="mahalanobis",
                family="distance",
                make=Mahalanobis,
                reference="covariance: Ledoit and Wolf 2004, doi 10.1016/S0047-259X(03)00096-4",
                checked=library,
            ),
        )
    }
