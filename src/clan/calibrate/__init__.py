"""From scores to decisions: conformal p-values, thresholds from a budget, and what to expect of them."""

from clan.calibrate.budget import DEFAULT_FPR, MIN_RANK, Budget
from clan.calibrate.conformal import Calibration, calibrate
from clan.calibrate.folds import assign_folds
from clan.calibrate.interval import alert_interval
from clan.calibrate.observed_time import ObservedTime, observed_days

__all__ = [
    "DEFAULT_FPR",
    "MIN_RANK",
    "Budget",
    "Calibration",
    "ObservedTime",
    "alert_interval",
    "assign_folds",
    "calibrate",
    "observed_days",
]
