"""The detector: an estimator with scikit-learn's verbs, its presets and its scorers."""

from clan.detect.benign_scale import BenignScale
from clan.detect.detector import ClanDetector
from clan.detect.exemplars import Exemplars
from clan.detect.flow_sample import MAX_ROWS, FlowSample
from clan.detect.presets import PRESETS, Preset
from clan.detect.scorers import SCORERS

__all__ = [
    "MAX_ROWS",
    "PRESETS",
    "SCORERS",
    "BenignScale",
    "ClanDetector",
    "Exemplars",
    "FlowSample",
    "Preset",
]
