"""Judging the scores of one day: per class what was found within the budget, and when it was first seen."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binom

from clan.evaluate.metrics import auroc, macro
from clan.evaluate.sites import BENIGN, SIDE_EFFECT, SiteDays
from clan.schema import WINDOWS

BY_CHANCE = 0.01
"""A class is flagged where so many of its flows alert that as many benign ones would with a smaller probability."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassDay:
    """One class of attacks on one day.

    Attributes:
        n: Its flows.
        auroc: Against the benign flows of the day.
        alerts: Flows at or above the threshold.
        flagged: More alerts than chance explains.
        first_alert_min: Minutes of the day from its first packet to the end of its first flow that alerts; None
            without one.
    """

    n: int
    auroc: float
    alerts: int
    flagged: bool
    first_alert_min: float | None


NEAR = "60s"
"""A benign flow is a bystander's where one of its hosts had to do with an attack so long before: the middle window."""


def judge_day(day: SiteDays, scores: NDArray[np.float64], threshold: float) -> dict[str, object]:
    """Judge scores of the day with attacks.

    Args:
        day: The recordings.
        scores: Of `day.mixed`, higher = more anomalous. Shape `(n_mixed,)`.
        threshold: Score at or above which a flow alerts.

    Returns:
        Columns of a results file; `classes` is a JSON object, class to the fields of `ClassDay`.
    """
    benign = scores[day.labels == BENIGN]
    false_alarms = int((benign >= threshold).sum())
    rate = max(false_alarms, 1) / len(benign)
    classes = {
        str(name): _judge_class(day, scores, threshold, str(name), benign, rate)
        for name in np.unique(day.labels)
        if name not in (BENIGN, SIDE_EFFECT)
    }
    side, near = scores[day.labels == SIDE_EFFECT], bystanders(day.mixed, day.labels)
    return {
        "macro_auroc": macro({name: each.auroc for name, each in classes.items()}),
        "macro_recall": macro({name: each.alerts / each.n for name, each in classes.items()}),
        "flagged": sum(each.flagged for each in classes.values()),
        "n_classes": len(classes),
        "false_alarms": false_alarms,
        "bystander_alarms": int(near[(day.labels == BENIGN) & (scores >= threshold)].sum()),
        "n_benign": len(benign),
        "side_effect_alerts": int((side >= threshold).sum()),
        "classes": json.dumps({name: asdict(each) for name, each in classes.items()}),
    }


def bystanders(flows: pl.DataFrame, labels: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Tell which flows end within `NEAR` after the end of a flow of an attack with one of their hosts.

    What the hosts of a flow did before it counts for it, so these point at the right host and are benign all the same.

    Args:
        flows: A flow table. Height n.
        labels: Class of each, `BENIGN` and `SIDE_EFFECT` among them. Shape `(n,)`.

    Returns:
        Shape `(n,)`; the flows of attacks are judged like the others.
    """
    ends = [
        flows.lazy().select(pl.col(host).alias("host"), "ts_end", row=pl.arange(pl.len()))
        for host in ("src_ip", "dst_ip")
        if host in flows.columns
    ]
    if not ends:
        return np.zeros(flows.height, dtype=np.bool_)
    seen = pl.concat(ends).drop_nulls().sort("ts_end")
    attacking = pl.Series(~np.isin(labels, (BENIGN, SIDE_EFFECT))).arg_true()
    attacks = seen.filter(pl.col("row").is_in(attacking.implode())).select("host", "ts_end", attack=pl.lit(value=True))
    window = timedelta(seconds=WINDOWS[NEAR])
    joined = seen.join_asof(attacks, on="ts_end", by="host", tolerance=window, check_sortedness=False)
    near = joined.filter("attack").collect()["row"].unique().to_numpy()
    return np.isin(np.arange(flows.height), near)


def _judge_class(
    day: SiteDays, scores: NDArray[np.float64], threshold: float, name: str, benign: NDArray[np.float64], rate: float
) -> ClassDay:
    own = day.labels == name
    alerted = own & (scores >= threshold)
    n, alerts = int(own.sum()), int(alerted.sum())
    first = None
    if alerts:
        begin = day.mixed["ts_start"].filter(own).dt.timestamp("us").to_numpy().min()
        end = day.mixed["ts_end"].filter(alerted).dt.timestamp("us").to_numpy().min()
        first = round(float(end - begin) / 60e6 * day.compression, 1)
    return ClassDay(
        n=n,
        auroc=round(auroc(benign, scores[own]), 4),
        alerts=alerts,
        flagged=bool(alerts and binom.sf(alerts - 1, n, rate) < BY_CHANCE),
        first_alert_min=first,
    )
