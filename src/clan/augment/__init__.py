"""Changed views of flows, one recipe per file: what an attack could look like, or (for the rivals) the same flow again.

Needs torch.
"""

from __future__ import annotations

from clan.augment.combination import AUGMENTATIONS, Augmentation, View, augmentation
from clan.augment.cutmix import cutmix
from clan.augment.difference import difference
from clan.augment.gaussian import gaussian_noise
from clan.augment.identity import identity
from clan.augment.marginal import marginal_resample
from clan.augment.mixup import mixup
from clan.augment.shuffle import shuffle_features
from clan.augment.uniform import uniform_resample
from clan.augment.zero_out import zero_out

__all__ = [
    "AUGMENTATIONS",
    "Augmentation",
    "View",
    "augmentation",
    "cutmix",
    "difference",
    "gaussian_noise",
    "identity",
    "marginal_resample",
    "mixup",
    "shuffle_features",
    "uniform_resample",
    "zero_out",
]
