"""Other ways of being far from normal: other distances, other spaces, and several of them as one score.

CLAN_TEST_DATA=/path/to/shared python benchmarks/quality/studies/spaces.py [--seeds 2]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from clan.detect.levels import Level
from clan.detect.scorers.kmeans import k_means
from clan.detect.scorers.prototypes import squared_distance
from clan.encoder import fit_scaler

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from benchmarks.quality.studies.choosing import Floats, Scores, default_with, study

Array = NDArray[np.float32]
Fit = Callable[[Array, int], Callable[[Array], Floats]]
"""(scaled training rows, seed) -> log distances of other scaled rows."""

FLOOR = 0.1  # as the default's
N_CENTERS = 256


def prototypes(x: Array, seed: int) -> Callable[[Array], Floats]:
    """Nearest of 256 centres."""
    centers = k_means(x, N_CENTERS, seed=seed)
    return lambda rows: _log(squared_distance(rows, centers))


def several(x: Array, seed: int) -> Callable[[Array], Floats]:
    """Six sets of centres from six starts, their log distances added."""
    fitted = [prototypes(x, 100 * seed + start) for start in range(6)]
    return lambda rows: np.add.reduce([score(rows) for score in fitted])


def column_bags(x: Array, seed: int) -> Callable[[Array], Floats]:
    """Six sets of centres, each of four fifths of the columns, their log distances added."""
    random = np.random.default_rng(seed)
    bags = [random.random(x.shape[1]) < 0.8 for _ in range(6)]
    fitted = [(bag, prototypes(np.ascontiguousarray(x[:, bag]), start)) for start, bag in enumerate(bags)]
    return lambda rows: np.add.reduce([score(rows[:, bag]) for bag, score in fitted])


def whitened(exponent: float, floor: float) -> Fit:
    """Nearest centre after the covariance within 64 clusters was evened out, wholly (1) or half (0.5)."""

    def fit(x: Array, seed: int) -> Callable[[Array], Floats]:
        centers = k_means(x, 64, seed=seed)
        own = (np.einsum("ij,ij->i", centers, centers) - 2 * x @ centers.T).argmin(axis=1)
        size = np.bincount(own, minlength=len(centers))
        off = (x - centers[own]) * np.sqrt(size / np.maximum(size - 1, 1))[own][:, None]
        variance, axes = np.linalg.eigh((off.T @ off / len(x)).astype(np.float64))
        turn = (axes * (np.maximum(variance, 0) + floor) ** (-exponent / 2)).astype(np.float32)
        score = prototypes(np.ascontiguousarray(x @ turn), seed)
        return lambda rows: score(rows @ turn)

    return fit


def mahalanobis(x: Array, seed: int) -> Callable[[Array], Floats]:  # noqa: ARG001 - it draws nothing
    """One Gaussian, its covariance after Ledoit and Wolf."""
    model = LedoitWolf().fit(x)
    return lambda rows: _log(model.mahalanobis(rows))


def masked(share: float, steps: int = 1000, width: int = 256) -> Fit:
    """Error of a network that tells masked columns from the others, each column masked once in each of eight rounds."""

    def fit(x: Array, seed: int) -> Callable[[Array], Floats]:
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        n, rows = x.shape[1], torch.from_numpy(x)
        layers = [torch.nn.Linear(2 * n, width), torch.nn.ReLU(), torch.nn.Linear(width, width), torch.nn.ReLU()]
        network = torch.nn.Sequential(*layers, torch.nn.Linear(width, n))
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
        for _ in range(steps):
            batch = rows[torch.randint(len(rows), (256,))].clamp(-6, 6)
            mask = (torch.rand(batch.shape) < share).float()
            error = (network(torch.cat([batch * (1 - mask), mask], 1)) - batch) ** 2
            loss = (error * mask).sum() / mask.sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        usual = _masked_error(network, rows, share).mean(0) + 0.01

        def score(other: Array) -> Floats:
            error = _masked_error(network, torch.from_numpy(other), share) / usual
            return _log(error.clamp(max=100).sum(1).numpy())

        return score

    return fit


@torch.no_grad()
def _masked_error(network: torch.nn.Module, rows: torch.Tensor, share: float, rounds: int = 8) -> torch.Tensor:
    """Mean squared error of each column when it is masked. Shape of the rows."""
    generator = torch.Generator().manual_seed(1)
    total = torch.zeros_like(rows)
    for _ in range(rounds):
        for part in torch.randperm(rows.shape[1], generator=generator).chunk(max(1, round(1 / share))):
            mask = torch.zeros(1, rows.shape[1])
            mask[:, part] = 1
            told = network(torch.cat([rows.clamp(-6, 6) * (1 - mask), mask.expand(len(rows), -1)], 1))
            total += (told - rows) ** 2 * mask
    return total / rounds


def alone(kind: Fit, scaler: str = "quantile_tail") -> Scores:
    """Score by one distance."""

    def score(train: Floats, test: Floats, seed: int) -> Floats:
        fitted = fit_scaler(scaler, train)
        return kind(fitted.transform(train), seed)(fitted.transform(test))

    return score


def together(how: Callable[[Sequence[Floats]], Floats], *kinds: tuple[Fit, str]) -> Scores:
    """Score by several: each as -log p among held-out benign rows, as the default joins its feature groups."""

    def score(train: Floats, test: Floats, seed: int) -> Floats:
        fold = np.random.default_rng(seed).integers(0, 3, len(train))
        rare = []
        for kind, scaler in kinds:
            held = np.empty(len(train))
            for out in range(3):
                held[fold == out] = alone(kind, scaler)(train[fold != out], train[fold == out], seed)
            rare.append(Level.fit(held).rarity(alone(kind, scaler)(train, test, seed)))
        return how(rare)

    return score


def _log(squared: Any) -> Floats:
    return np.asarray(np.log(squared + FLOOR), dtype=np.float64)


RANKS, LOGARITHMS = "quantile_tail", "signed_log"

if __name__ == "__main__":
    plain = (prototypes, RANKS)
    half = (whitened(0.5, 0.01), RANKS)
    largest = np.maximum.reduce
    study(
        "Distances and spaces",
        {
            "default: 256 prototypes on ranks, and in the embedding": default_with(),
            "the embedding alone": default_with("embedding_prototypes"),
            "prototypes on ranks": alone(prototypes),
            "the same, six starts": alone(several),
            "the same, six times four fifths of the columns": alone(column_bags),
            "covariance within clusters half evened out": alone(whitened(0.5, 0.01)),
            "covariance within clusters evened out": alone(whitened(1.0, 0.1)),
            "Mahalanobis": alone(mahalanobis),
            "masked columns told from the others, 30 %": alone(masked(0.3)),
            "masked columns told from the others, 50 %": alone(masked(0.5)),
            "sum: prototypes on ranks and on logarithms": together(np.add.reduce, plain, (prototypes, LOGARITHMS)),
            "maximum: prototypes on ranks and on logarithms": together(largest, plain, (prototypes, LOGARITHMS)),
            "sum: prototypes, half evened out": together(np.add.reduce, plain, half),
            "maximum: prototypes, half evened out": together(largest, plain, half),
            "sum: prototypes, Mahalanobis": together(np.add.reduce, plain, (mahalanobis, RANKS)),
            "maximum: prototypes, Mahalanobis": together(largest, plain, (mahalanobis, RANKS)),
            "sum: prototypes, masked 50 %": together(np.add.reduce, plain, (masked(0.5), RANKS)),
            "sum: prototypes, half evened out, masked 50 %": together(np.add.reduce, plain, half, (masked(0.5), RANKS)),
        },
    )
