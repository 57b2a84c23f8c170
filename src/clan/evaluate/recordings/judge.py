"""How good scores of captures are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.evaluate.recordings.metrics import (
    capture_weights,
    highest,
    weighted_auroc,
    weighted_recall,
    weighted_threshold,
)

LEAST_CLASS_FLOWS: Final = 5
LEAST_CAPTURE_FLOWS: Final = 3
FLOW_RATE: Final = 0.01
CAPTURE_RATE: Final = 0.05
FIGURES: Final = ("macro_auroc", "recall_1pct", "captures_flagged", "capture_auroc")

Floats = NDArray[np.float64]


def judge_captures(
    benign: pl.DataFrame, attack: pl.DataFrame, benign_scores: Floats, attack_scores: Floats
) -> dict[str, object]:
    """Judge the scores of a split; every capture weighs the same.

    Args:
        benign: Benign flows that were tested, with the columns `ABOUT`.
        attack: Attack flows.
        benign_scores: Shape `(n,)`, higher = more anomalous.
        attack_scores: Shape `(m,)`.

    Returns:
        `FIGURES` over all attacks, the same of the two halves of networks and without captures whose clocks cannot be
        trusted, and as JSON the classes and the captures.
    """
    low, high = benign.with_columns(score=pl.Series(benign_scores)), attack.with_columns(score=pl.Series(attack_scores))
    classes = _classes(low, high)
    found: dict[str, object] = _figures(low, high, classes)
    steady = pl.col("timing_flag").is_null()
    parts = {
        "choosing": (low, high.filter("choosing")),
        "reporting": (low, high.filter(~pl.col("choosing"))),
        "steady": (low.filter(steady), high.filter(steady)),
    }
    for name, (some_low, some_high) in parts.items():
        figures = _figures(some_low, some_high, _classes(some_low, some_high))
        found |= {f"{name}_{figure}": value for figure, value in figures.items()}
    threshold = weighted_threshold(low["score"], capture_weights(low["capture"]), FLOW_RATE)
    return found | {"by_class": json.dumps(classes), "by_capture": json.dumps(_captures(high, threshold))}


def _classes(low: pl.DataFrame, high: pl.DataFrame) -> dict[str, list[float]]:
    """Give each class of enough flows its AUROC, recall, and how many captures and flows it has."""
    weights = capture_weights(low["capture"])
    found = {}
    for (label,), flows in sorted(high.partition_by("label", as_dict=True).items()):
        if flows.height >= LEAST_CLASS_FLOWS:
            own = capture_weights(flows["capture"])
            found[str(label)] = [
                round(weighted_auroc(low["score"], weights, flows["score"], own), 6),
                round(weighted_recall(low["score"], weights, flows["score"], own, FLOW_RATE), 6),
                flows["capture"].n_unique(),
                flows.height,
            ]
    return found


def _figures(low: pl.DataFrame, high: pl.DataFrame, classes: Mapping[str, list[float]]) -> dict[str, Any]:
    """Give the four figures; None where nothing tells them."""
    figures: dict[str, Any] = dict.fromkeys(FIGURES)
    if classes:
        figures["macro_auroc"] = float(np.mean([row[0] for row in classes.values()]))
        figures["recall_1pct"] = float(np.mean([row[1] for row in classes.values()]))
    if low.is_empty() or high.is_empty():
        return figures
    tops = [np.array([*highest(f["score"], f["capture"], least=LEAST_CAPTURE_FLOWS).values()]) for f in (low, high)]
    if all(top.size for top in tops):
        benign, attack = tops
        ones = np.ones(benign.size), np.ones(attack.size)
        figures["captures_flagged"] = weighted_recall(benign, ones[0], attack, ones[1], CAPTURE_RATE)
        figures["capture_auroc"] = weighted_auroc(benign, ones[0], attack, ones[1])
    return figures


def _captures(high: pl.DataFrame, threshold: float) -> list[dict[str, object]]:
    """Tell of each attack capture its flows, its highest score, and how many flows there are until the first alert."""
    alerts = pl.col("score") > threshold
    table = high.group_by("capture", maintain_order=True).agg(
        pl.col("label").first(),
        flows=pl.len(),
        highest=pl.col("score").max(),
        flagged=alerts.mean(),
        first_alert=pl.when(alerts.any()).then(alerts.arg_max() + 1),
    )
    return table.to_dicts()
