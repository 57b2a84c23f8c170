"""What all rivals share that are trained in clan's loop: one recipe at each width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clan.detect.presets import PRESETS
from clan.errors import MissingExtra
from clan.evaluate.rivals.base import OnScaledRows, Rows
from clan.train import TrainSettings

if TYPE_CHECKING:
    from clan.train.loop import Trained


def settings_at(width: str, epochs: int | None, changes: Mapping[str, Any]) -> TrainSettings:
    """Give the training settings of a width: the laptop's, or those of the paper, but for what the rival changes."""
    settings = replace(TrainSettings() if width == "common" else PRESETS["paper"].train, **changes)
    return settings if epochs is None else replace(settings, epochs=epochs)


class InTheLoop(OnScaledRows):
    """A rival that is an objective, trained by the loop that trains clan's encoder.

    Args:
        changes: Settings of the training in which it differs from clan at the same width.
        seed: See `OnScaledRows`, and so the rest.
        width: See there.
        epochs: See there.
    """

    def __init__(
        self, changes: Mapping[str, Any], *, seed: int = 0, width: str = "common", epochs: int | None = None
    ) -> None:
        super().__init__(seed=seed, width=width, epochs=epochs)
        self.changes = changes

    @property
    def settings(self) -> TrainSettings:
        """Of the training, at the width and epochs that are asked for."""
        return settings_at(self.width, self.epochs, self.changes)

    def train(self, x: Rows) -> Trained:
        """Train on scaled rows.

        Raises:
            MissingExtra: torch is not installed.
        """
        try:
            from clan.train.loop import train
        except ImportError as error:
            raise MissingExtra("torch", "train", "train this rival") from error
        return train(x, self.settings, seed=self.seed)
