"""Training: one loop, its settings and its progress record. `train` and `train_encoder` need torch and load late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clan.train.progress import TrainProgress
from clan.train.settings import TrainSettings

if TYPE_CHECKING:
    from clan.train.loop import Trained, train, train_encoder

__all__ = ["TrainProgress", "TrainSettings", "Trained", "train", "train_encoder"]


def __getattr__(name: str) -> object:
    if name in ("Trained", "train", "train_encoder"):
        from clan.train import loop

        return getattr(loop, name)
    raise AttributeError(f"module 'clan.train' has no attribute {name!r}")
