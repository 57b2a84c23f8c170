"""What scores one set of columns: scaler, encoder and scorer, fitted together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from clan.detect.presets import Preset
from clan.detect.scorers import Scorer, scorer_class
from clan.encoder import Encoder, Scaler
from clan.errors import MissingExtra
from clan.train import TrainProgress

Floats = NDArray[np.float64]
Array = NDArray[Any]

WIDE: Final = 512
"""Networks of this width and above are trained on all cores."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A fitted distance to normal over some columns.

    Attributes:
        scaler: Raw features to standardised ones.
        encoder: Standardised features to directions; None when the scorer looks at features only.
        scorer: The distance to normal.
    """

    scaler: Scaler
    encoder: Encoder | None
    scorer: Scorer

    def embed(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embed scaled features; without an encoder, an array without columns."""
        return _no_columns(len(x)) if self.encoder is None else self.encoder.embed(x)

    def score(self, values: Floats) -> NDArray[np.float32]:
        """Score raw features of shape `(n, n_features)`, finite or NaN = unknown; shape `(n,)`, higher = worse.

        The last bits depend on n, see `clan.detect.model.BLOCK`.
        """
        x = self.scaler.transform(values)  # (n, n_features)
        return self.scorer.score(x, self.embed(x))

    def tensors(self) -> dict[str, Array]:
        """Name every array, as the model file stores them."""
        tensors: dict[str, Array] = {f"scaler.{name}": value for name, value in self.scaler.tensors().items()}
        tensors |= {f"scorer.{name}": value for name, value in self.scorer.tensors().items()}
        if self.encoder is not None:
            tensors |= {f"encoder.{name}": value for name, value in self.encoder.tensors().items()}
        return tensors

    @classmethod
    def from_tensors(
        cls, scaler: str | Sequence[str], scorer: str, named: Mapping[str, Array], *, n_features: int
    ) -> Self:
        """Build a part from what `tensors` gave.

        Args:
            scaler: As it was fitted.
            scorer: Its name.
            named: The arrays.
            n_features: Columns that it takes.

        Raises:
            KeyError: An array is missing.
            ValueError: Arrays that do not fit each other, or are of another type.
            ClanError: A name that this clan does not know.
        """
        fitted = Scaler.from_tensors(scaler, _of(named, "scaler.", np.float64), n_features=n_features)
        kind = scorer_class(scorer)
        encoder = Encoder.from_tensors(_of(named, "encoder.", np.float32)) if kind.needs_encoder else None
        if encoder is not None and encoder.n_features != fitted.n_outputs:
            raise ValueError(f"its encoder takes {encoder.n_features} features, not {fitted.n_outputs}")
        dim = 0 if encoder is None else encoder.dim
        arrays = _of(named, "scorer.", np.float32)
        return cls(
            scaler=fitted,
            encoder=encoder,
            scorer=kind.from_tensors(arrays, n_features=fitted.n_outputs, dim=dim),
        )


def fit_part(
    scaler: Scaler,
    x: NDArray[np.float32],
    scorer: str,
    recipe: Preset,
    *,
    seed: int,
    progress: Callable[[TrainProgress], None] | None = None,
    interrupted: Callable[[int], None] | None = None,
) -> Part:
    """Fit encoder and scorer to benign rows.

    Args:
        scaler: As it was fitted to them.
        x: The rows as it scales them. Shape `(n, n_outputs)`, n >= 2.
        scorer: Its name.
        recipe: How the encoder is trained.
        seed: Seeds everything random.
        progress: Called after each epoch.
        interrupted: Called with the epochs done when the training was interrupted.

    Raises:
        MissingExtra: The recipe trains an encoder and torch is not installed.
        TrainingError: Training failed.
    """
    kind = scorer_class(scorer)
    if not kind.needs_encoder:
        with _threads(recipe):
            return Part(scaler=scaler, encoder=None, scorer=kind.fit(x, _no_columns(len(x)), seed=seed))
    try:
        from clan.train.loop import train_encoder
    except ImportError as error:
        raise MissingExtra("torch", "train", "train a model") from error
    with _threads(recipe):
        encoder = train_encoder(x, recipe.train, seed=seed, progress=progress, interrupted=interrupted)
        return Part(scaler=scaler, encoder=encoder, scorer=kind.fit(x, encoder.embed(x), seed=seed))


def _no_columns(n: int) -> NDArray[np.float32]:
    return np.empty((n, 0), dtype=np.float32)


def _threads(recipe: Preset) -> AbstractContextManager[object]:
    """One thread for narrow networks, where a second gains nothing and waits for processors that others use.

    It also makes the result the same on any number of cores.
    """
    return ThreadpoolController().limit(limits=1) if recipe.train.width < WIDE else nullcontext()


def _of(named: Mapping[str, Array], prefix: str, dtype: type) -> dict[str, Array]:
    """Pick the arrays of a prefix, and refuse those of another type."""
    part = {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}
    for name, value in part.items():
        if value.dtype != dtype:
            raise ValueError(f"{prefix}{name} must be {dtype.__name__}, found {value.dtype}")
    return part
