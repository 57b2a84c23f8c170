"""Scores of rows by models that did not see them, so that the threshold costs no training rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clan.detect.model import Model, fit_model, part_columns
from clan.detect.presets import Preset
from clan.errors import TrainingError
from clan.train import TrainProgress, TrainSettings

REFIT_INFLATION = 2.0
"""The scores that set the threshold come from the fold models, those of new flows from the final one, so the threshold
is less certain than n scores of one model would make it. 1.5 was too little for a thousand rows (`docs/budget.md`)."""

Floats = NDArray[np.float64]
Progress = Callable[[TrainProgress], None]


def cross_fit(
    values: NDArray[np.float64],
    folds: NDArray[np.int64],
    recipe: Preset,
    *,
    seed: int,
    groups: Sequence[str] | None = None,
    learn: NDArray[np.bool_] | None = None,
    progress: Progress | None = None,
) -> tuple[Model, NDArray[np.float64]]:
    """Fit the final model to all rows, and score each fold by a model of the others.

    Of a model with several parts, the levels that bring these to one scale are found on the held-out scores too.

    Every model puts its scores on one scale by itself (levelled on its own training rows), and all start from the
    same seed, so that they differ by their rows only: that makes the scores of the fold models stand for those of the
    final one.

    The final model comes first, so that an interrupt loses the least: the fold models are then trained for as many
    epochs as it got, and an interrupt among them leaves the rows of the folds that are not done without a score.

    Args:
        values: Raw features. Shape `(n, n_features)`, finite or NaN = unknown.
        folds: Fold of each row. Shape `(n,)`.
        recipe: What to fit.
        seed: Seeds everything random.
        groups: Feature group of each column; None for all `table`.
        learn: Rows to learn from; the others are scored only. Shape `(n,)`; None for all.
        progress: Called after each epoch of each model.

    Returns:
        The final model, and a score for each row. Shape `(n,)`, NaN where an interrupt came first.

    Raises:
        TrainingError: Interrupted before any fold was scored; or a scorer gave values that are not finite.
    """
    learn = np.ones(len(values), dtype=np.bool_) if learn is None else learn
    n_folds, n = int(folds.max()) + 1, int(learn.sum())
    train, stopped = recipe.train, list[int]()
    n_epochs = done = train.epochs_for(n)
    n_epochs += sum(_matched_epochs(train, n, int((learn & (folds != fold)).sum())) for fold in range(n_folds))
    n_parts = len(part_columns(recipe, groups or ["table"]))
    watch = _stage(progress, 0, n_epochs * n_parts, "final model")
    final = fit_model(values, recipe, seed=seed, groups=groups, learn=learn, progress=watch, interrupted=stopped.append)
    if stopped:
        train = replace(train, epochs=stopped.pop(), max_steps=None)
    scores, known = np.full((len(values), n_parts), np.nan), np.zeros(len(values), dtype=np.bool_)
    for fold in range(n_folds):
        held = folds == fold
        epochs = _matched_epochs(train, n, int((learn & ~held).sum()))
        shorter = replace(recipe, train=replace(train, epochs=epochs, max_steps=None))
        watch = _stage(progress, done * n_parts, n_epochs * n_parts, f"fold {fold + 1} of {n_folds}")
        model = fit_model(
            values, shorter, seed=seed, groups=groups, learn=learn & ~held, progress=watch, interrupted=stopped.append
        )
        if stopped:  # it is behind the final model, so its scores say nothing about that one's
            break
        scores[held], known[held] = model.part_scores(values[held]), True
        _refuse_not_finite(scores[held], values[held], model, recipe)
        done += epochs
    if not known.any():
        raise TrainingError("interrupted before any held-out flow was scored: no threshold can be set")
    combined = np.full(len(values), np.nan)
    final, combined[known] = final.levelled_on(scores[known], recipe)
    return final, combined


def _refuse_not_finite(scores: Floats, values: Floats, model: Model, recipe: Preset) -> None:
    """Raise where a scorer broke its word; NaN is right only where nothing of a part's columns is known."""
    for i, (name, own) in enumerate(model.columns.items()):
        bad = ~np.isfinite(scores[:, i]) & ~np.isnan(values[:, own]).all(axis=1)
        if bad.any():
            raise TrainingError(
                f"the scorer {recipe.scorer_of(name)!r} gave values that are not finite to {bad.sum():,} of "
                f"{len(bad):,} benign flows (columns: {name}); a scorer must give a finite number to every flow"
            )


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
