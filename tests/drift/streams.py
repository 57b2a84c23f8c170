"""Detectors without a model, and streams of scores for them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from clan.calibrate import Budget, calibrate
from clan.detect.exemplars import Exemplars
from clan.detect.quantiles import benign_quantiles
from clan.schema import table_feature

NAMES = ("bytes", "packets", "flag")


def features(n: int, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Three features: a smooth one, a count with ties, a constant nearly."""
    flag = (generator.uniform(size=n) < 0.02).astype(np.float64)
    return {"bytes": generator.lognormal(size=n), "packets": generator.poisson(2.0, n).astype(float), "flag": flag}


def detector(n: int = 2500, *, seed: int = 0, fpr: float = 0.01, **settings: Any) -> Any:
    """What `Holding` needs of a detector whose scores are normal."""
    generator = np.random.default_rng(seed)
    columns = features(n, generator)
    return SimpleNamespace(
        calibration_=calibrate(generator.normal(size=n), Budget(fpr=fpr), **settings),
        exemplars_=Exemplars.none(len(NAMES)),
        manifest_={"training": {"rows": n}},
        features_=tuple(table_feature(name) for name in NAMES),
        benign_quantiles_=benign_quantiles(np.column_stack([columns[name] for name in NAMES])),
    )


def stream(made: Any, n: int, *, seed: int = 1, shift: float = 0.0, **changed: Any) -> pl.DataFrame:
    """Scored flows: `shift` is added to the scores; other columns in place of the usual ones."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(size=n) + shift
    hosts = {
        "src_ip": [f"10.0.{i}.1" for i in generator.integers(200, size=n)],
        "dst_ip": [f"10.1.{i}.1" for i in generator.integers(50, size=n)],
    }
    return pl.DataFrame(
        {
            **hosts,
            **features(n, generator),
            "anomaly_score": scores,
            "p_value": made.calibration_.p_value(scores),
            **changed,
        }
    )
