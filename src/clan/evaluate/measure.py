"""Fit one detector on one split and judge its scores by every metric."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from clan.evaluate.metrics import (
    alerts_a_day,
    auprc,
    auroc_by_class,
    can_tell,
    macro,
    precision_at_prevalence,
    threshold_at_fpr,
)
from clan.evaluate.protocols import Split
from clan.evaluate.rivals import Detector

RATES = {"recall_1pct": 0.01, "recall_01pct": 0.001, "recall_001pct": 0.0001}
"""Column to the false-positive rate that its recall is taken at."""

KEY = ("benchmark", "dataset", "condition", "detector", "width", "epochs", "seed")
"""What names a run."""

METRICS = (
    "macro_auroc",
    "choosing_auroc",
    "reporting_auroc",
    "worst_auroc",
    "worst_class",
    "macro_auprc",
    *RATES,
    "precision",
    "alerts_per_day",
)
FIELDS = (
    *KEY,
    "family",
    *METRICS,
    "prevalence",
    "flows_per_day",
    "n_train",
    "n_benign",
    "n_attack",
    "training_s",
    "flows_per_s",
    "auroc_by_class",
    "recall_by_class",
    "notes",
    "finished",
    "clan_version",
    "commit",
    "machine",
    "libraries",
)
"""Columns of a results file. The two `by_class` are JSON objects, class to figure; the recall is that at 1 %."""

_PASSES, _ENOUGH_S = 5, 2.0
"""Scoring is timed this often, or for this long, and the quickest pass counts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """The network for which precision and alerts a day are told.

    Attributes:
        prevalence: Share of flows that are attacks, in (0, 1).
        flows_per_day: Benign flows a day.
    """

    prevalence: float = 0.001
    flows_per_day: float = 1_000_000.0


def measure(
    detector: Detector, split: Split, *, choosing: Sequence[str] | None = None, site: Site | None = None
) -> dict[str, object]:
    """Fit, score and judge a detector.

    Args:
        detector: Fresh.
        split: What to train and to test on.
        choosing: Attack classes on which settings were chosen; None: all of them.
        site: For precision and alerts a day.

    Returns:
        The columns of `FIELDS` from `macro_auroc` on, but for where it was measured. None where a figure cannot be
        told. `training_s` is in seconds, `flows_per_s` the quickest of some passes.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        started = time.perf_counter()
        detector.fit(split.train)
        training_s = time.perf_counter() - started
        scores, pass_s = _timed(detector, split)
    told = dict.fromkeys(str(warning.message) for warning in caught)
    n_benign = int((split.labels == split.benign).sum())
    return judge(scores, split.labels, split.benign, choosing=choosing, site=site or Site()) | {
        "n_train": split.train.height,
        "n_benign": n_benign,
        "n_attack": len(split.labels) - n_benign,
        "training_s": training_s,
        "flows_per_s": len(scores) / pass_s,
        "notes": "; ".join([*split.notes, *told])[:1000],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def judge(
    scores: NDArray[np.float64],
    labels: NDArray[np.str_],
    benign: str,
    *,
    choosing: Sequence[str] | None,
    site: Site,
) -> dict[str, object]:
    """Judge scores by every metric; the threshold of precision and alerts a day is that of 1 % false positives."""
    by_class = auroc_by_class(scores, labels, benign)
    low = scores[labels == benign]
    attacks = {name: scores[labels == name] for name in by_class}
    recalls = {
        column: {name: float((high > threshold_at_fpr(low, rate)).mean()) for name, high in attacks.items()}
        for column, rate in RATES.items()
        if can_tell(len(low), rate)
    }
    chosen = {name: value for name, value in by_class.items() if choosing is None or name in choosing}
    rest = {name: value for name, value in by_class.items() if name not in chosen}
    worst = min(by_class, key=by_class.__getitem__)
    at_1pct = recalls.get("recall_1pct")
    fpr = float((low > threshold_at_fpr(low, 0.01)).mean())
    return {
        "macro_auroc": macro(by_class),
        "choosing_auroc": macro(chosen) if chosen else None,
        "reporting_auroc": macro(rest) if rest else None,
        "worst_auroc": by_class[worst],
        "worst_class": worst,
        "macro_auprc": macro({name: auprc(low, high) for name, high in attacks.items()}),
        **{column: macro(recalls[column]) if column in recalls else None for column in RATES},
        "precision": precision_at_prevalence(macro(at_1pct), fpr, site.prevalence) if at_1pct else None,
        "alerts_per_day": alerts_a_day(fpr, site.flows_per_day) if at_1pct else None,
        "prevalence": site.prevalence,
        "flows_per_day": site.flows_per_day,
        "auroc_by_class": json.dumps({name: round(value, 6) for name, value in by_class.items()}),
        "recall_by_class": json.dumps({name: round(value, 6) for name, value in (at_1pct or {}).items()}),
    }


def _timed(detector: Detector, split: Split) -> tuple[NDArray[np.float64], float]:
    passes_s: list[float] = []
    while len(passes_s) < _PASSES and sum(passes_s) < _ENOUGH_S:
        started = time.perf_counter()
        scores = np.asarray(detector.anomaly_score(split.test), dtype=np.float64)
        passes_s.append(time.perf_counter() - started)
    return scores, min(passes_s)
