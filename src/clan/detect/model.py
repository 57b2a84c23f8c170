"""What scores flows: a part for each feature group, and what adds them up."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from clan.detect.levels import Level
from clan.detect.part import Part, fit_part
from clan.detect.presets import Preset
from clan.encoder import Encoder, Scaler, fit_scaler, scaler_for_groups
from clan.encoder.scaler import Kind
from clan.errors import DataError
from clan.train import TrainProgress

Floats = NDArray[np.float64]

BLOCK = 1024
"""Rows that go through the network at once. Blocks are always full (padded with zeros), because the matrix product of
another shape may differ in its last bit, and a flow's score must not depend on the flows beside it."""

READ = 8
"""Blocks that are read from a table at once: reading few rows of many columns costs more than the rows."""

ALL: Final = "all"
"""Name of the part that looks at all columns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A fitted model.

    Attributes:
        parts: Feature group to what scores it; one part named `ALL` when the columns are scored together.
        columns: The same names to the numbers of the columns that the part looks at.
        levels: The same names to the benign distributions of the parts' scores; None for one part, whose score is the
            model's as it is, and in models that only score rows to find the levels.
    """

    parts: Mapping[str, Part]
    columns: Mapping[str, NDArray[np.intp]]
    levels: Mapping[str, Level] | None = None

    @property
    def encoder(self) -> Encoder | None:
        """The encoder of all columns; None when there is none, or one for each group."""
        return self.parts[ALL].encoder if ALL in self.parts else None

    def transform(self, values: Floats) -> NDArray[np.float32]:
        """Scale raw features of shape `(n, n_features)`; the columns are in the order of the parts."""
        return np.concatenate([part.scaler.transform(values[:, self.columns[k]]) for k, part in self.parts.items()], 1)

    def embed(self, values: Floats) -> NDArray[np.float32]:
        """Embed raw features by every part that has an encoder, one embedding beside the other; shape `(n, dim)`."""
        return np.concatenate(
            [part.embed(part.scaler.transform(values[:, self.columns[name]])) for name, part in self.parts.items()],
            axis=1,
        )

    @property
    def dim(self) -> int:
        """Columns that `embed` gives."""
        return sum(part.encoder.dim for part in self.parts.values() if part.encoder is not None)

    def score(self, values: Floats) -> Floats:
        """Score raw features of shape `(n, n_features)`, finite or NaN = unknown; shape `(n,)`, higher = worse."""
        return score_blocks(lambda start, stop: values[start:stop], len(values), self)

    def part_scores(self, values: Floats) -> Floats:
        """Score rows by each part; shape `(n, n_parts)`, NaN where nothing of a part's columns is known."""
        return _by_blocks(
            lambda start, stop: values[start:stop], len(values), self._block_by_part, n_columns=len(self.parts)
        )

    def levelled_on(self, scores: Floats, recipe: Preset) -> tuple[Model, Floats]:
        """Find the levels of the parts, and combine the scores that they were found on.

        Args:
            scores: Benign rows' scores by each part, best of models that did not see them. Shape `(n, n_parts)`.
            recipe: From where on each part counts.

        Returns:
            The model with its levels, and the rows' scores. Shape `(n,)`.
        """
        if len(self.parts) == 1:
            return self, scores[:, 0]
        levels = {
            name: Level.fit(scores[:, i], least=recipe.least_rarity_of(name)) for i, name in enumerate(self.parts)
        }
        model = replace(self, levels=levels)
        return model, model.levelled(scores).sum(axis=1)

    def score_block(self, values: Floats) -> Floats:
        """Score one full block."""
        return self.levelled(self._block_by_part(values)).sum(axis=1)

    def levelled(self, scores: Floats) -> Floats:
        """Bring scores by each part to one scale; shape `(n, n_parts)`. Without levels they stay as they are."""
        if self.levels is None:
            return scores
        return np.stack([level.rarity(scores[:, i]) for i, level in enumerate(self.levels.values())], axis=1)

    def _block_by_part(self, values: Floats) -> Floats:
        scores = np.empty((len(values), len(self.parts)))
        for i, (name, part) in enumerate(self.parts.items()):
            own = values if name == ALL else values[:, self.columns[name]]
            scores[:, i] = part.score(own)
            if len(self.parts) > 1:
                scores[np.isnan(own).all(axis=1), i] = np.nan
        return scores

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Name every array: those of one part by themselves, those of several behind the part's name."""
        if ALL in self.parts:
            return self.parts[ALL].tensors()
        named = {f"{name}.{key}": value for name, part in self.parts.items() for key, value in part.tensors().items()}
        for name, level in (self.levels or {}).items():
            named |= {f"{name}.level.{key}": value for key, value in level.tensors().items()}
        return named

    @classmethod
    def from_tensors(cls, recipe: Preset, groups: Sequence[str], named: Mapping[str, NDArray[Any]]) -> Model:
        """Build a model from what `tensors` gave.

        Args:
            recipe: As it was fitted.
            groups: Group of each column.
            named: The arrays.

        Raises:
            KeyError, ValueError: Arrays that are missing or do not fit.
            ClanError: A name that this clan does not know.
        """
        columns = part_columns(recipe, groups)
        parts, levels = {}, {}
        for name, own in columns.items():
            prefix = "" if name == ALL else f"{name}."
            arrays = {key.removeprefix(prefix): value for key, value in named.items() if key.startswith(prefix)}
            parts[name] = Part.from_tensors(
                _scaler_of(recipe, groups, own), _scorer_of(recipe, groups, own), arrays, n_features=len(own)
            )
            if name != ALL:
                level = {k.removeprefix("level."): v for k, v in arrays.items() if k.startswith("level.")}
                levels[name] = Level.from_tensors(level)
        return cls(parts=parts, columns=columns, levels=levels or None)


def part_columns(recipe: Preset, groups: Sequence[str]) -> dict[str, NDArray[np.intp]]:
    """Say which columns each part looks at.

    Args:
        recipe: Whether the groups are scored apart.
        groups: Group of each column.

    Example:
        >>> {k: v.tolist() for k, v in part_columns(Preset(), ["flow", "context", "flow"]).items()}
        {'flow': [0, 2], 'context': [1]}
    """
    names = list(dict.fromkeys(groups))
    if len(names) == 1 or not recipe.by_group:
        return {ALL: np.arange(len(groups))}
    return {name: np.flatnonzero(np.array(groups) == name) for name in names}


def fit_model(
    values: Floats,
    recipe: Preset,
    *,
    seed: int,
    groups: Sequence[str] | None = None,
    learn: NDArray[np.bool_] | None = None,
    progress: Callable[[TrainProgress], None] | None = None,
    interrupted: Callable[[int], None] | None = None,
) -> Model:
    """Fit the parts to benign rows; of several, the levels are still to be found (`Model.levelled_on`).

    Args:
        values: Raw features. Shape `(n, n_features)`, finite or NaN = unknown.
        recipe: What to fit.
        seed: Seeds everything random.
        groups: Feature group of each column; None for all `table`.
        learn: Rows to learn from, at least 2. Shape `(n,)`; None for all.
        progress: Called after each epoch of each part.
        interrupted: Called with the epochs done when the training was interrupted; the parts that are left are then
            trained for no longer.

    Raises:
        MissingExtra: The recipe trains an encoder and torch is not installed.
        TrainingError: Training failed.
    """
    groups = ["table"] * values.shape[1] if groups is None else groups
    columns, stopped = part_columns(recipe, groups), list[int]()
    n_learnt = len(values) if learn is None else int(learn.sum())
    n_epochs, parts = recipe.train.epochs_for(n_learnt), dict[str, Part]()
    for done, (name, own) in enumerate(columns.items()):
        train = replace(recipe.train, epochs=stopped[0], max_steps=None) if stopped else recipe.train
        parts[name] = fit_part(
            *_scaled(values, learn, own, _scaler_of(recipe, groups, own)),
            _scorer_of(recipe, groups, own),
            replace(recipe, train=train),
            seed=seed,
            progress=_after(progress, done * n_epochs),
            interrupted=stopped.append,
        )
    if stopped and interrupted is not None:
        interrupted(min(stopped))
    return Model(parts=parts, columns=columns)


def score_blocks(read: Callable[[int, int], Floats], n: int, model: Model) -> Floats:
    """Score rows block by block, the blocks side by side on the processor's cores.

    Args:
        read: Gives the raw features of rows start to stop; called from several threads.
        n: Number of rows.
        model: What scores them.

    Returns:
        Shape `(n,)`. The same for the same row, whatever rows come with it and however many threads work.

    Raises:
        DataError: A scorer gave NaN.
    """
    scores = _by_blocks(read, n, lambda values: model.score_block(values)[:, None], n_columns=1)[:, 0]
    if np.isnan(scores).any():
        raise DataError(
            f"the model's scorer gave {np.isnan(scores).sum():,} of {n:,} flows a score that is no number (NaN); "
            "a scorer must give a finite number to every flow"
        )
    return scores


def _by_blocks(
    read: Callable[[int, int], Floats], n: int, score: Callable[[Floats], Floats], *, n_columns: int
) -> Floats:
    scores = np.empty((n, n_columns), dtype=np.float64)

    def work(start: int) -> None:
        values = np.asarray(read(start, min(start + READ * BLOCK, n)), dtype=np.float64)
        for first in range(0, len(values), BLOCK):
            block = values[first : first + BLOCK]
            filled = len(block)
            if filled < BLOCK:
                block = np.concatenate([block, np.zeros((BLOCK - filled, values.shape[1]))])
            scores[start + first : start + first + filled] = score(block)[:filled]

    starts = range(0, n, READ * BLOCK)
    with _blas().limit(limits=1, user_api="blas"):  # one thread a product: the pool works on blocks instead
        if len(starts) == 1:
            work(0)
        else:
            with ThreadPoolExecutor(_cores()) as pool:
                list(pool.map(work, starts))
    return scores


def _scaled(
    values: Floats, learn: NDArray[np.bool_] | None, own: NDArray[np.intp], kind: Kind
) -> tuple[Scaler, NDArray[np.float32]]:
    """Fit a scaler to rows and columns, and scale them.

    The raw values are copied in here only: a network is trained while the whole table is in memory already.
    """
    every_column = len(own) == values.shape[1]
    if learn is None or learn.all():
        chosen = values if every_column else values[:, own]
    else:
        chosen = values[learn] if every_column else values[np.ix_(learn, own)]
    scaler = fit_scaler(kind, chosen)
    return scaler, scaler.transform(chosen)


def _scaler_of(recipe: Preset, groups: Sequence[str], own: NDArray[np.intp]) -> Kind:
    """Say how the columns of a part are scaled."""
    kind = scaler_for_groups(recipe.scaler, groups)
    return kind if isinstance(kind, str) else tuple(kind[i] for i in own)


def _scorer_of(recipe: Preset, groups: Sequence[str], own: NDArray[np.intp]) -> str:
    """Say how a part is scored: as its group is, and several groups together as the others are."""
    names = {groups[i] for i in own}
    return recipe.scorer_of(names.pop() if len(names) == 1 else "*")


def _after(progress: Callable[[TrainProgress], None] | None, done: int) -> Callable[[TrainProgress], None] | None:
    """Count the epochs of one part after those of the parts before it."""
    if progress is None or not done:
        return progress
    return lambda state: progress(replace(state, epoch=state.epoch + done))


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
