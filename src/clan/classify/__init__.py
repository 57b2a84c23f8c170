"""Naming of flows: an estimator with the verbs of scikit-learn, and its heads. They load late: it takes a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clan.classify.open_model import open_model

if TYPE_CHECKING:
    from clan.classify.classifier import UNKNOWN, FlowClassifier, Naming
    from clan.classify.file import LearntFrom
    from clan.classify.heads import HEADS

__all__ = ["HEADS", "UNKNOWN", "FlowClassifier", "LearntFrom", "Naming", "open_model"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from clan.classify import classifier, file, heads

        return next(getattr(module, name) for module in (classifier, file, heads) if hasattr(module, name))
    raise AttributeError(f"module 'clan.classify' has no attribute {name!r}")
