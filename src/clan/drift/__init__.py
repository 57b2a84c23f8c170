"""Whether new normal is still the old normal: the budget kept, scores and features compared with the calibration."""

from clan.drift.confidence import rate_sequence
from clan.drift.evidence import Evidence, Finding
from clan.drift.features import FeatureDrift, MovedFeature
from clan.drift.holding import Holding
from clan.drift.state import Advice, HoldingState, Verdict

__all__ = [
    "Advice",
    "Evidence",
    "FeatureDrift",
    "Finding",
    "Holding",
    "HoldingState",
    "MovedFeature",
    "Verdict",
    "rate_sequence",
]
