"""What scores flows: scaler, encoder and scorer, fitted together."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from clan.detect.presets import Preset
from clan.detect.scorers import Scorer, scorer_class
from clan.encoder import Encoder, Scaler, fit_scaler, scaler_for_groups
from clan.errors import MissingExtra
from clan.train import TrainProgress

Floats = NDArray[np.float64]

BLOCK = 1024
"""Rows that go through the network at once. Blocks are always full (padded with zeros), because the matrix product of
another shape may differ in its last bit, and a flow's score must not depend on the flows beside it."""

WIDE = 512
"""Networks of this width and above are trained on all cores."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A fitted model.

    Attributes:
        scaler: Raw features to standardised ones.
        encoder: Standardised features to directions; None when the scorer looks at features only.
        scorer: The distance to normal.
    """

    scaler: Scaler
    encoder: Encoder | None
    scorer: Scorer

    def score(self, values: Floats) -> Floats:
        """Score raw features of shape `(n, n_features)`, finite or NaN = unknown; shape `(n,)`, higher = worse."""
        return score_blocks(lambda start, stop: values[start:stop], len(values), self)

    def embed(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embed scaled features; without an encoder, an array without columns."""
        return _no_columns(len(x)) if self.encoder is None else self.encoder.embed(x)

    def score_block(self, values: Floats) -> NDArray[np.float32]:
        """Score one full block."""
        x = self.scaler.transform(values)  # (BLOCK, n_features)
        return self.scorer.score(x, self.embed(x))


def score_blocks(read: Callable[[int, int], Floats], n: int, model: Model) -> Floats:
    """Score rows block by block, the blocks side by side on the processor's cores.

    Args:
        read: Gives the raw features of rows start to stop; called from several threads.
        n: Number of rows.
        model: What scores them.

    Returns:
        Shape `(n,)`. The same for the same row, whatever rows come with it and however many threads work.
    """
    scores = np.empty(n, dtype=np.float64)

    def work(start: int) -> None:
        stop = min(start + BLOCK, n)
        values = np.asarray(read(start, stop), dtype=np.float64)
        if stop - start < BLOCK:
            values = np.concatenate([values, np.zeros((BLOCK - len(values), values.shape[1]))])
        scores[start:stop] = model.score_block(values)[: stop - start]

    starts = range(0, n, BLOCK)
    with _blas().limit(limits=1, user_api="blas"):  # one thread a product: the pool works on blocks instead
        if len(starts) == 1:
            work(0)
        else:
            with ThreadPoolExecutor(_cores()) as pool:
                list(pool.map(work, starts))
    return scores


def fit_model(
    values: Floats,
    recipe: Preset,
    *,
    seed: int,
    progress: Callable[[TrainProgress], None] | None = None,
    interrupted: Callable[[int], None] | None = None,
) -> Model:
    """Fit scaler, encoder and scorer to benign rows.

    Args:
        values: Raw features. Shape `(n, n_features)`, finite or NaN = unknown, n >= 2.
        recipe: What to fit. A choice of scalers by feature group takes all columns as group `table`.
        seed: Seeds everything random.
        progress: Called after each epoch.
        interrupted: Called with the epochs done when the training was interrupted.

    Raises:
        MissingExtra: The recipe trains an encoder and torch is not installed.
        TrainingError: Training failed.
    """
    scaler = fit_scaler(scaler_for_groups(recipe.scaler, ["table"] * values.shape[1]), values)
    x = scaler.transform(values)  # (n, n_features)
    kind = scorer_class(recipe.scorer)
    if not kind.needs_encoder:
        with _threads(recipe):
            scorer = kind.fit(x, _no_columns(len(x)), seed=seed)
        return Model(scaler=scaler, encoder=None, scorer=scorer)
    try:
        from clan.train.loop import train_encoder
    except ImportError as error:
        raise MissingExtra("torch", "train", "train a model") from error
    with _threads(recipe):
        encoder = train_encoder(x, recipe.train, seed=seed, progress=progress, interrupted=interrupted)
        return Model(scaler=scaler, encoder=encoder, scorer=kind.fit(x, encoder.embed(x), seed=seed))


def _no_columns(n: int) -> NDArray[np.float32]:
    return np.empty((n, 0), dtype=np.float32)


def _threads(recipe: Preset) -> AbstractContextManager[object]:
    """One thread for narrow networks, where a second gains nothing and waits for processors that others use.

    It also makes the result the same on any number of cores.
    """
    return ThreadpoolController().limit(limits=1) if recipe.train.width < WIDE else nullcontext()


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
