"""From scores to decisions: conformal p-values, thresholds from a budget, and what to expect of them."""

from clan.calibrate.budget import DEFAULT_FPR, MIN_RANK, Budget
from clan.calibrate.conformal import Calibration, calibrate
from clan.calibrate.fdr import OnlineFdr, benjamini_hochberg
from clan.calibrate.folds import NEVER, assign_folds
from clan.calibrate.groups import KEYS, Groups, check_keys
from clan.calibrate.incident_level import alpha_of_incidents
from clan.calibrate.interval import alert_interval, rate_interval
from clan.calibrate.number import check_number
from clan.calibrate.observed_time import ObservedTime, observed_days
from clan.calibrate.tail import Tail, fit_tail

__all__ = [
    "DEFAULT_FPR",
    "KEYS",
    "MIN_RANK",
    "NEVER",
    "Budget",
    "Calibration",
    "Groups",
    "ObservedTime",
    "OnlineFdr",
    "Tail",
    "alert_interval",
    "alpha_of_incidents",
    "assign_folds",
    "benjamini_hochberg",
    "calibrate",
    "check_keys",
    "check_number",
    "fit_tail",
    "observed_days",
    "rate_interval",
]
