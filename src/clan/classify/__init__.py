"""Naming of flows: an estimator with scikit-learn's classifier verbs, and its heads."""

from clan.classify.classifier import UNKNOWN, FlowClassifier
from clan.classify.heads import HEADS

__all__ = ["HEADS", "UNKNOWN", "FlowClassifier"]
