"""The detector: an estimator with scikit-learn's verbs, its presets and its scorers."""

from clan.detect.detector import ClanDetector
from clan.detect.presets import PRESETS, Preset
from clan.detect.scorers import SCORERS

__all__ = ["PRESETS", "SCORERS", "ClanDetector", "Preset"]
