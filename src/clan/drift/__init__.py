"""Whether new normal is still the old normal: the budget kept, scores and features compared with the calibration."""

from clan.drift.confidence import rate_sequence
from clan.drift.evidence import Evidence, Finding
from clan.drift.features import FeatureDrift, MovedFeature
from clan.drift.guard import Guard, SuspiciousHost
from clan.drift.holding import Holding
from clan.drift.recalibrator import Proposal, Recalibrator, Verdicts
from clan.drift.state import Advice, HoldingState, Verdict

__all__ = [
    "Advice",
    "Evidence",
    "FeatureDrift",
    "Finding",
    "Guard",
    "Holding",
    "HoldingState",
    "MovedFeature",
    "Proposal",
    "Recalibrator",
    "SuspiciousHost",
    "Verdict",
    "Verdicts",
    "rate_sequence",
]
