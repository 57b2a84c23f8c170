"""Everything that training depends on besides the data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from clan.errors import ConfigError

MIN_VALIDATION_ROWS = 20
"""With fewer rows held back than this, early stopping would look at noise; the training loss is used."""

MAX_VALIDATION_ROWS = 20_000
"""More would tell the loss no better, and their activations are in memory all at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainSettings:
    """Settings of `train_encoder`; the defaults are the laptop recipe.

    Attributes:
        width: Width of the encoder's blocks.
        n_blocks: Number of blocks.
        dim: Dimensions of the embedding.
        epochs: Passes over the rows at most.
        max_steps: Fewer epochs, though at least one, are made when they would take more steps than this; None for no
            limit.
        batch_size: Rows a step; the rest of an epoch forms a smaller batch.
        learning_rate: Peak rate.
        min_learning_rate: Rate at the first and the last step.
        warmup_fraction: Share of the steps over which the rate rises linearly; then it falls as a cosine.
        weight_decay: Of AdamW.
        objective: Name in `clan.objectives.OBJECTIVES`.
        margin: Of the objectives that have one.
        objective_params: Parameters of the objective's own, such as ``{"temperature": 0.2}``.
        augmentation: Names in `clan.augment.AUGMENTATIONS`: one, several after each other (``"marginal+gaussian"``), or
            for each row one of several at random (``"uniform|marginal"``).
        probability: Chance that a value is changed in an augmented view.
        bound: Replacements of ``"uniform"`` come from U(-bound, bound).
        augmentation_params: Parameters of the augmentations' own, such as ``{"std": 0.5}``.
        validation_fraction: Share of the rows, `MAX_VALIDATION_ROWS` of them at most, held back for the loss that early
            stopping looks at; 0 turns it off.
        patience: Epochs without a better loss after which training stops.
        precision: ``"auto"`` (bfloat16 where it is faster: a GPU or a processor with AMX), ``"bfloat16"`` or
            ``"float32"``.
        device: ``"auto"`` (a GPU when present) or a torch device name.
    """

    width: int = 256
    n_blocks: int = 2
    dim: int = 64
    epochs: int = 20
    max_steps: int | None = 2000
    batch_size: int = 512
    learning_rate: float = 1e-3
    min_learning_rate: float = 1e-5
    warmup_fraction: float = 0.1
    weight_decay: float = 0.0
    objective: str = "clan_linear"
    margin: float = 0.5
    objective_params: Mapping[str, float] = field(default_factory=dict)
    augmentation: str = "uniform"
    probability: float = 0.1
    bound: float = 1.7
    augmentation_params: Mapping[str, float] = field(default_factory=dict)
    validation_fraction: float = 0.1
    patience: int = 5
    precision: str = "auto"
    device: str = "auto"

    def epochs_for(self, n: int) -> int:
        """Epochs for n rows: `epochs`, or as many as fit into `max_steps`.

        Example:
            >>> settings = TrainSettings(epochs=20, batch_size=512, max_steps=2000)
            >>> settings.epochs_for(2_500), settings.epochs_for(100_000), settings.epochs_for(10_000_000)
            (20, 11, 1)
        """
        if self.max_steps is None:
            return self.epochs
        return max(1, min(self.epochs, self.max_steps // self.steps_per_epoch(n)))

    def steps_per_epoch(self, n: int) -> int:
        """Steps of one epoch when n rows come to `fit`, less those that early stopping holds back."""
        return math.ceil((n - self.n_held(n)) / self.batch_size)

    def n_held(self, n: int) -> int:
        """Rows that early stopping holds back of n; none when they would be too few.

        Example:
            >>> settings = TrainSettings(validation_fraction=0.1)
            >>> settings.n_held(100), settings.n_held(1_000), settings.n_held(1_000_000)
            (0, 100, 20000)
        """
        n_held = min(int(self.validation_fraction * n), MAX_VALIDATION_ROWS)
        return n_held if n_held >= MIN_VALIDATION_ROWS else 0

    def __post_init__(self) -> None:
        for name in ("width", "n_blocks", "dim", "epochs", "batch_size", "patience"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("warmup_fraction", "probability"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} must be in [0, 1], got {getattr(self, name)}")
        for name in ("objective_params", "augmentation_params"):
            for key, value in getattr(self, name).items():
                if not isinstance(value, int | float) or not math.isfinite(value):
                    raise ConfigError(f"{name} must be finite numbers, got {key}={value!r}")
        if not 0 <= self.validation_fraction <= 0.5:
            raise ConfigError(f"validation_fraction must be in [0, 0.5], got {self.validation_fraction}")
        if self.precision not in ("auto", "bfloat16", "float32"):
            raise ConfigError(f"precision must be auto, bfloat16 or float32, got {self.precision!r}")
