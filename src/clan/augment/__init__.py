"""Negative views of benign flows: what an attack could look like, one recipe per file. Needs torch."""

from __future__ import annotations

from collections.abc import Callable

import torch

from clan.augment.uniform import uniform_resample
from clan.errors import UnknownNameError

Augmentation = Callable[..., torch.Tensor]
"""(x, generator, *, probability, bound) -> a changed copy of x, same shape."""

AUGMENTATIONS: dict[str, Augmentation] = {"uniform": uniform_resample}
"""Augmentation name to function."""


def augmentation(name: str) -> Augmentation:
    """Look up an augmentation by its name in the settings.

    Raises:
        UnknownNameError: No augmentation has this name.
    """
    if name not in AUGMENTATIONS:
        raise UnknownNameError("augmentation", name, AUGMENTATIONS)
    return AUGMENTATIONS[name]


__all__ = ["AUGMENTATIONS", "Augmentation", "augmentation", "uniform_resample"]
