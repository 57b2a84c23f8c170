"""From a detector's settings to the recipe that it is trained by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from clan.calibrate import check_number
from clan.detect.presets import Preset, preset
from clan.errors import ConfigError


def recipe_of(settings: Mapping[str, Any]) -> Preset:
    """Check the settings of `ClanDetector`, and give its preset with their changes.

    Raises:
        ConfigError: A setting that cannot be.
    """
    for name in ("n_folds", "clean", "days", "epochs"):
        if settings[name] is not None:
            check_number(name, settings[name])
    n_folds, clean, days = settings["n_folds"], settings["clean"], settings["days"]
    if n_folds is None or n_folds < 2:
        raise ConfigError(f"n_folds must be at least 2, got {n_folds}")
    if clean is None or not 0 <= clean < 0.5:
        raise ConfigError(f"clean must be in [0, 0.5), got {clean}")
    if days is not None and not 0 < days < np.inf:
        raise ConfigError(f"days must be above 0, got {days}")
    train: dict[str, Any] = {"device": settings["device"]}
    if settings["epochs"] is not None:
        train["epochs"] = settings["epochs"]
    if settings["precision"] != "auto":
        train["precision"] = settings["precision"]
    return preset(settings["preset"]).changed(scorer=settings["scorer"], train=train)
