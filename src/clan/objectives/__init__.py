"""What the encoder is trained to do, one loss per file: a module and a free function. Needs torch."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from clan.errors import UnknownNameError
from clan.objectives.clan import ClanLoss, clan_loss
from clan.objectives.clan_linear import ClanLinearLoss, clan_linear_loss

OBJECTIVES: dict[str, Callable[..., nn.Module]] = {"clan": ClanLoss, "clan_linear": ClanLinearLoss}
"""Objective name to module class; each is called as `module(z_benign, z_augmented)`."""


def objective(name: str, **params: float) -> nn.Module:
    """Build an objective by its name in the settings.

    Raises:
        UnknownNameError: No objective has this name.

    Example:
        >>> objective("clan", margin=0.5)
        ClanLoss(margin=0.5)
    """
    if name not in OBJECTIVES:
        raise UnknownNameError("objective", name, OBJECTIVES)
    return OBJECTIVES[name](**params)


__all__ = ["OBJECTIVES", "ClanLinearLoss", "ClanLoss", "clan_linear_loss", "clan_loss", "objective"]
