"""The published fine-tuning: a linear layer on the embedding, and the whole network trained with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from clan.classify.heads.base import Array, Examples, Floats
from clan.encoder import Encoder
from clan.errors import ConfigError, MissingExtra
from clan.train import TrainSettings

RECIPE = TrainSettings(
    objective="cross_entropy",
    epochs=100,
    max_steps=None,
    batch_size=64,
    learning_rate=1e-3,
    min_learning_rate=1e-3,
    warmup_fraction=0.0,
    weight_decay=1e-6,
    validation_fraction=0.0,
    precision="float32",
)
"""As published: AdamW at 1e-3 throughout, weight decay 1e-6, batches of 64 that hold each class equally often, 100
epochs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FineTuned:
    """A copy of the detector's encoder, trained further to tell the classes apart.

    Attributes:
        network: Scaled features to logits: the linear layer is multiplied into the projection. `dim` is the number of
            classes.

    Source:
        Wilkie et al. 2025, arXiv 2509.06550.
    """

    uses_embedding: ClassVar[bool] = False
    held_out_folds: ClassVar[int] = 1

    network: Encoder

    @classmethod
    def fit(cls, examples: Examples, *, seed: int) -> tuple[Self, Floats | None]:
        """Train from the encoder of the examples, in the loop that trains every encoder.

        Raises:
            ConfigError: There is no encoder.
            MissingExtra: torch is not installed.
        """
        start = examples.encoder
        if start is None or not start.blocks:
            raise ConfigError("frozen=False trains the detector's encoder further, and there is none")
        try:
            from clan.train.loop import train
        except ImportError as error:
            raise MissingExtra("torch", "train", "fine-tune the whole network") from error
        x, y = examples.everything()
        settings = replace(
            RECIPE,
            width=start.blocks[0].weight.shape[1],
            n_blocks=len(start.blocks),
            dim=start.dim,
            objective_params={"n_classes": examples.n_classes},
        )
        rows = np.ascontiguousarray(x[:, -start.n_features :])
        with ThreadpoolController().limit(limits=1):  # a batch of 64 is too small to share
            trained = train(rows, settings, seed=seed, y=y.astype(np.int64), start=start)
        layer = {name: value.detach().numpy() for name, value in trained.objective.named_parameters()}
        weight, bias = layer["layer.weight"], layer["layer.bias"]
        tuned = trained.encoder
        return cls(network=replace(tuned, weight=tuned.weight @ weight.T, bias=weight @ tuned.bias + bias)), None

    def proba(self, x: Array) -> Floats:
        """Class probabilities. Shape `(n, n_classes)`."""
        logits = self.network.project(np.ascontiguousarray(x[:, -self.network.n_features :]))
        return softmax(logits.astype(np.float64), axis=1)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Name every array."""
        return dict(self.network.tensors())

    @classmethod
    def from_tensors(cls, named: dict[str, NDArray[Any]], *, n_columns: int, n_classes: int) -> Self:
        """Build from what `tensors` gave."""
        network = Encoder.from_tensors(named)
        if network.dim != n_classes or not network.n_features <= n_columns:
            raise ValueError(f"a network of {network.n_features} to {network.dim} for {n_columns} columns")
        return cls(network=network)
