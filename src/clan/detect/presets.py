"""Named recipes: what is trained, and how it scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from clan.detect.scorers import scorer_class
from clan.errors import ConfigError, UnknownNameError
from clan.train import TrainSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """A recipe.

    Attributes:
        scaler: Name in `clan.encoder.SCALERS`; or feature group to such a name, ``"*"`` for the other groups; or a name
            for each column.
        scorer: Name in `clan.detect.SCORERS`, or several joined by ``+``; or feature group to such a name, ``"*"`` for
            the other groups and for all columns together.
        by_group: Whether each feature group has a scaler, an encoder and a scorer of its own, whose scores are brought
            to one scale and added (`clan.detect.levels`); otherwise all columns are looked at together, as published.
        least_rarity: Feature group to the -log p up to which it adds nothing, ``"*"`` for the other groups; of meaning
            only where groups are added.
        train: How the encoder is trained.
        drop_zero_columns: Whether columns that are 0 in all training rows are left out, as published; otherwise they
            stay, so that a flow in which they are not 0 stands out.
    """

    scaler: str | Mapping[str, str] | Sequence[str] = field(
        default_factory=lambda: {"context": "signed_log", "*": "quantile_tail"}
    )
    scorer: str | Mapping[str, str] = "prototypes"
    by_group: bool = True
    least_rarity: Mapping[str, float] = field(default_factory=lambda: {"*": 0.0})
    train: TrainSettings = field(
        default_factory=lambda: TrainSettings(
            width=128, n_blocks=3, dim=32, epochs=40, max_steps=400, batch_size=256, augmentation="uniform|difference"
        )
    )
    drop_zero_columns: bool = False

    def scorer_of(self, group: str) -> str:
        """Name the scorer of a feature group, or of all columns together (``"*"``)."""
        return self.scorer if isinstance(self.scorer, str) else self.scorer.get(group, self.scorer["*"])

    def least_rarity_of(self, group: str) -> float:
        """Tell up to which -log p a feature group adds nothing."""
        return self.least_rarity.get(group, self.least_rarity["*"])

    def entry(self) -> dict[str, Any]:
        """Give the recipe as JSON values; `from_entry` reads them."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self), allow_nan=False))
        return values

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> Self:
        """Read what `entry` gave; TypeError or ConfigError where it does not fit."""
        return cls(**{**entry, "train": TrainSettings(**entry["train"])})

    def changed(self, *, scorer: str | None, train: Mapping[str, Any]) -> Preset:
        """The same recipe with another scorer, where one is named, and other settings of the training.

        Raises:
            UnknownNameError: No scorer has this name.
        """
        if scorer is not None:
            scorer_class(scorer)
        return replace(self, scorer=scorer or self.scorer, train=replace(self.train, **train))


PRESETS: dict[str, Preset] = {
    "default": Preset(),
    "portable": Preset(
        scorer={"context": "one_sided", "payload": "one_sided", "*": "prototypes"},
        least_rarity={"context": 0.0, "*": 3.0},
    ),
    "paper": Preset(
        scaler="zscore",
        scorer="centroid",
        by_group=False,
        train=TrainSettings(
            width=1024,
            n_blocks=4,
            epochs=200,
            max_steps=None,
            batch_size=8192,
            learning_rate=1e-4,
            min_learning_rate=1e-6,
            objective="clan",
            validation_fraction=0.0,
            precision="float32",
        ),
        drop_zero_columns=True,
    ),
}
"""Preset name to recipe. `default` trains on a laptop and knows its own network best; `portable` is for other
networks than those that it learnt from: of what the hosts did and of what flows say first, only more than usual is odd
there, and all but what the hosts did counts only beyond what one benign flow of twenty has; `paper` is the published
recipe to the letter."""


def preset(name: str | Preset) -> Preset:
    """Look up a preset by its name; a recipe is given back as it is.

    Raises:
        UnknownNameError: No preset has this name.
        ConfigError: It is neither a name nor a recipe.
    """
    if isinstance(name, Preset):
        return name
    if not isinstance(name, str):
        raise ConfigError(f"preset must be a name or a clan.detect.Preset, got {name!r}")
    if name not in PRESETS:
        raise UnknownNameError("preset", name, PRESETS)
    return PRESETS[name]
