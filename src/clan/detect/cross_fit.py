"""Scores of rows by models that did not see them, so that the threshold costs no training rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clan.detect.model import Model, fit_model
from clan.detect.presets import Preset
from clan.train import TrainProgress, TrainSettings

REFIT_INFLATION = 1.5
"""The scores that set the threshold come from the fold models, those of new flows from the final one. Measured over
halvings of benign flows, that makes the threshold half as uncertain again as n scores of one model would
(`docs/method.md`)."""

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

    Every model puts its scores on one scale by itself (levelled on its own training rows), and all start from the
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
    n_final = recipe.train.epochs_for(len(values))
    n_fold = [_matched_epochs(recipe.train, len(values), int((folds != fold).sum())) for fold in range(n_folds)]
    n_epochs, done = sum(n_fold) + n_final, 0
    scores = np.empty(len(values))
    for fold in range(n_folds):
        held = folds == fold
        shorter = replace(recipe, train=replace(recipe.train, epochs=n_fold[fold], max_steps=None))
        watch = _stage(progress, done, n_epochs, f"fold {fold + 1} of {n_folds}")
        model = fit_model(values[~held], shorter, seed=seed, progress=watch)
        scores[held] = model.score(values[held])
        done += n_fold[fold]
    watch = _stage(progress, done, n_epochs, "final model")
    return fit_model(values, recipe, seed=seed, progress=watch), scores


def _matched_epochs(train: TrainSettings, n: int, n_fold: int) -> int:
    """Epochs on n_fold rows that take as many steps as the final model's epochs on n.

    With the same epochs a fold model would be trained for fewer steps, find benign rows less normal, and the threshold
    would come out too high.
    """
    return max(1, round(train.epochs_for(n) * train.steps_per_epoch(n) / train.steps_per_epoch(n_fold)))


def _stage(progress: Progress | None, done: int, n_epochs: int, stage: str) -> Progress | None:
    """Count the epochs of one model as part of the whole."""
    if progress is None:
        return None

    def report(state: TrainProgress) -> None:
        progress(replace(state, epoch=state.epoch + done, n_epochs=n_epochs, stage=stage))

    return report
