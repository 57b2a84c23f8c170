"""clan: a network intrusion detector that learns your normal.

Public names and packages load on first use, so `import clan` brings in neither torch nor scikit-learn.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from clan._version import __version__
from clan.errors import ClanError, ClanWarning

if TYPE_CHECKING:
    from clan.classify import FlowClassifier
    from clan.detect import ClanDetector
    from clan.sources import read_flows

_LAZY = {"ClanDetector": "clan.detect", "FlowClassifier": "clan.classify", "read_flows": "clan.sources"}

_ROOMS = frozenset(
    (
        *("alerts", "augment", "calibrate", "classify", "context", "detect", "drift", "encoder", "evaluate", "explain"),
        *("flows", "monitor", "objectives", "schema", "sources", "train", "watch"),
    )
)
"""Packages that `clan.NAME` loads when it is first asked for."""

__all__ = ["ClanDetector", "ClanError", "ClanWarning", "FlowClassifier", "__version__", "read_flows"]


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"clan.{name}")
    raise AttributeError(f"module 'clan' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_ROOMS})
