"""Augmentations by name, alone and combined."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from functools import partial

import torch

from clan.augment.cutmix import cutmix
from clan.augment.difference import difference
from clan.augment.gaussian import gaussian_noise
from clan.augment.identity import identity
from clan.augment.marginal import marginal_resample
from clan.augment.mixup import mixup
from clan.augment.shuffle import shuffle_features
from clan.augment.uniform import uniform_resample
from clan.augment.zero_out import zero_out
from clan.errors import ConfigError, UnknownNameError

Augmentation = Callable[..., torch.Tensor]
"""(x, generator, *, probability, ...) -> a changed copy of x, same shape."""

View = Callable[[torch.Tensor, torch.Generator], torch.Tensor]
"""An augmentation whose parameters are chosen."""

AUGMENTATIONS: dict[str, Augmentation] = {
    "cutmix": cutmix,
    "difference": difference,
    "gaussian": gaussian_noise,
    "identity": identity,
    "marginal": marginal_resample,
    "mixup": mixup,
    "shuffle": shuffle_features,
    "uniform": uniform_resample,
    "zero_out": zero_out,
}
"""Augmentation name to function."""


def augmentation(spec: str, **params: float) -> View:
    """Build an augmentation by its name in the settings.

    Args:
        spec: A name; names after each other (``"marginal+gaussian"``, left first); or alternatives, of which each row
            gets one at random (``"uniform|marginal+gaussian"``; + binds tighter).
        **params: Given to each part that takes it.

    Raises:
        UnknownNameError: No augmentation has this name.
        ConfigError: No augmentation takes this parameter, or the value is out of range.

    Example:
        >>> view = augmentation("zero_out", probability=1.0)
        >>> view(torch.ones(1, 3), torch.Generator().manual_seed(0)).tolist()
        [[0.0, 0.0, 0.0]]
    """
    known = {key for function in AUGMENTATIONS.values() for key in _parameters(function)}
    unknown = sorted(set(params) - known)
    if unknown:
        raise ConfigError(f"no augmentation has a parameter {unknown[0]!r} (known: {', '.join(sorted(known))})")
    _check(params)
    views = [_sequence([_part(name.strip(), params) for name in part.split("+")]) for part in re.split(r"\|", spec)]
    return views[0] if len(views) == 1 else partial(_one_of, views)


def _part(name: str, params: dict[str, float]) -> View:
    if name not in AUGMENTATIONS:
        raise UnknownNameError("augmentation", name, AUGMENTATIONS)
    function = AUGMENTATIONS[name]
    return partial(function, **{key: params[key] for key in _parameters(function) if key in params})


def _parameters(function: Augmentation) -> list[str]:
    return [key for key in inspect.signature(function).parameters if key not in ("x", "generator")]


def _check(params: dict[str, float]) -> None:
    for key, low, high in (("probability", 0.0, 1.0), ("mix", 0.0, 1.0), ("std", 0.0, float("inf"))):
        if key in params and not low <= params[key] <= high:
            raise ConfigError(f"{key} must be in [{low:g}, {high:g}], got {params[key]}")


def _sequence(views: Sequence[View]) -> View:
    return views[0] if len(views) == 1 else partial(_after_each_other, views)


def _after_each_other(views: Sequence[View], x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    for view in views:
        x = view(x, generator)
    return x


def _one_of(views: Sequence[View], x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Give each row one of the views, each as likely as the others."""
    changed = torch.stack([view(x, generator) for view in views])  # (n_views, n, n_features)
    choice = torch.randint(len(views), (len(x),), generator=generator, device=x.device)
    return changed[choice, torch.arange(len(x), device=x.device)]
