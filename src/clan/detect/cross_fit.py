"""Scores of rows by models that did not see them, so that the threshold costs no training rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clan.detect.model import Model, fit_model
from clan.detect.presets import Preset
from clan.train import TrainProgress

Progress = Callable[[TrainProgress], None]


def cross_fit(
    values: NDArray[np.float64],
    folds: NDArray[np.int64],
    recipe: Preset,
    *,
    seed: int,
    progress: Progress | None = None,
) -> tuple[Model, NDArray[np.float64]]:
    """Score each fold by a model of the others, then fit the final model to all rows.

    Every model puts its scores on one scale by itself (standardised on its own training rows), and all start from the
    same seed, so that they differ by their rows only: that makes the scores of the fold models stand for those of the
    final one.

    Args:
        values: Raw features. Shape `(n, n_features)`, finite.
        folds: Fold of each row. Shape `(n,)`.
        recipe: What to fit.
        seed: Seeds everything random.
        progress: Called after each epoch of each model.

    Returns:
        The final model, and a score for each row. Shape `(n,)`.
    """
    n_folds = int(folds.max()) + 1
    scores = np.empty(len(values))
    for fold in range(n_folds):
        held = folds == fold
        watch = _stage(progress, recipe, fold, n_folds, f"fold {fold + 1} of {n_folds}")
        model = fit_model(values[~held], recipe, seed=seed, progress=watch)
        scores[held] = model.score(values[held])
    watch = _stage(progress, recipe, n_folds, n_folds, "final model")
    return fit_model(values, recipe, seed=seed, progress=watch), scores


def _stage(progress: Progress | None, recipe: Preset, done: int, n_folds: int, stage: str) -> Progress | None:
    """Count the epochs of one model as part of the whole."""
    if progress is None:
        return None

    def report(state: TrainProgress) -> None:
        epochs = state.n_epochs
        progress(replace(state, epoch=state.epoch + done * epochs, n_epochs=epochs * (n_folds + 1), stage=stage))

    return report
