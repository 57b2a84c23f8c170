"""Training: one loop, its settings and its progress record. `train_encoder` needs torch and loads on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clan.train.progress import TrainProgress
from clan.train.settings import TrainSettings

if TYPE_CHECKING:
    from clan.train.loop import train_encoder

__all__ = ["TrainProgress", "TrainSettings", "train_encoder"]


def __getattr__(name: str) -> object:
    if name == "train_encoder":
        from clan.train.loop import train_encoder

        return train_encoder
    raise AttributeError(f"module 'clan.train' has no attribute {name!r}")
