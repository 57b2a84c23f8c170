"""What a model file says of its calibration, and the way back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clan.calibrate import Budget, Calibration, Groups, Tail, check_keys, fit_tail
from clan.errors import ModelFileError

MAX_GROUPS = 1 << 16


def calibration_entry(calibration: Calibration) -> dict[str, Any]:
    """Everything but the scores, as JSON values."""
    groups = calibration.groups
    return {
        "alpha": calibration.alpha,
        "budget": calibration.budget,
        "asked": None
        if calibration.asked is None
        else {name: None if value is None else float(value) for name, value in asdict(calibration.asked).items()},
        "fdr": calibration.fdr,
        "days": calibration.days,
        "rows": calibration.n,
        "inflation": calibration.inflation,
        "dispersion": calibration.dispersion,
        "ceiling": calibration.ceiling,
        "threshold": calibration.threshold,
        "expected_fpr": calibration.expected_fpr,
        "expected_alerts_per_day": calibration.expected_alerts_per_day,
        "alerts_per_day_interval": calibration.alerts_per_day_interval,
        "tails": [None if tail is None else asdict(tail) for tail in calibration.tails],
        "groups": None
        if groups is None
        else {
            "by": list(groups.by),
            "cells": [list(cell) for cell in groups.cells],
            "rows": list(calibration.sizes),
        },
    }


def stored_calibration(entry: dict[str, Any], scores: NDArray[np.float64]) -> Calibration:
    """Put a calibration together again.

    An entry of a clan before groups and tails has one threshold; its tail is fitted now.

    Raises:
        ModelFileError: The parts are none of a calibration, or contradict each other.
    """
    groups, sizes = _groups(entry.get("groups"), len(scores))
    parts = np.split(scores, np.cumsum(sizes)[:-1]) if sizes else [scores]
    days, fdr = entry["days"], entry.get("fdr")
    alpha, inflation = float(entry["alpha"]), float(entry["inflation"])
    spread, ceiling = float(entry.get("dispersion", 1.0)), entry.get("ceiling")
    if not (0 < alpha <= 1 <= inflation) or not len(scores) or any((np.diff(part) < 0).any() for part in parts):
        raise ModelFileError("its calibration is not one: scores must ascend, alpha must be in (0, 1]")
    if not 1 <= spread < np.inf or not (fdr is None or 0 < fdr < 1):
        raise ModelFileError(f"its calibration is not one: dispersion {spread}, fdr {fdr}")
    calibration = Calibration(
        scores=scores,
        alpha=alpha,
        budget=str(entry["budget"]),
        asked=asked_budget(entry),
        days=None if days is None else float(days),
        inflation=inflation,
        dispersion=spread,
        ceiling=None if ceiling is None else float(ceiling),
        fdr=None if fdr is None else float(fdr),
        groups=groups,
        sizes=sizes,
        tails=_tails(entry["tails"], len(parts)) if "tails" in entry else (fit_tail(scores),),
    )
    if calibration.threshold != entry["threshold"]:
        raise ModelFileError(
            f"threshold {entry['threshold']} is not the one of its calibration, {calibration.threshold}"
        )
    return calibration


def asked_budget(entry: dict[str, Any]) -> Budget:
    """Give the budget of a stored calibration; of an older clan's file, its rate."""
    asked = entry.get("asked")
    if asked is None:
        return Budget(fpr=float(entry["alpha"]))
    return Budget(**{name: None if value is None else float(value) for name, value in asked.items()})


def _groups(entry: dict[str, Any] | None, n: int) -> tuple[Groups | None, tuple[int, ...]]:
    if entry is None:
        return None, ()
    by = tuple(str(name) for name in entry["by"])
    check_keys(by)
    cells = tuple(tuple(str(value) for value in cell) for cell in entry["cells"])
    sizes = tuple(int(rows) for rows in entry["rows"])
    if not 0 < len(cells) == len(sizes) <= MAX_GROUPS or sum(sizes) != n or min(sizes) < 0 or cells[0] != ():
        raise ModelFileError(f"its {len(cells)} groups are not those of its {n} calibration scores")
    if len(set(cells)) != len(cells) or any(not 0 < len(cell) <= len(by) for cell in cells[1:]):
        raise ModelFileError("its groups are not told apart by its keys")
    return Groups(by=by, cells=cells), sizes


def _tails(entries: list[dict[str, Any] | None], n: int) -> tuple[Tail | None, ...]:
    tails = tuple(
        None if e is None else Tail(start=float(e["start"]), scale=float(e["scale"]), shape=float(e["shape"]))
        for e in entries
    )
    if len(tails) not in (0, n) or any(t and not (t.scale > 0 and t.shape >= 0) for t in tails):
        raise ModelFileError("its fitted tails are none")
    return tails
