"""What training tells whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainProgress:
    """The state after one epoch.

    Attributes:
        epoch: Epochs done, from 1, counted over all models of one `fit`.
        n_epochs: Epochs of the whole `fit` when nothing stops early; an early stop jumps `epoch` ahead.
        loss: The loss that early stopping looks at, in this epoch.
        best: The lowest loss of this model so far.
        stage: What is being trained, such as ``"fold 2 of 5"`` or ``"final model"``.
    """

    epoch: int
    n_epochs: int
    loss: float
    best: float
    stage: str = "final model"
