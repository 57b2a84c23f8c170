"""The lab's two sites: each trained on its quiet day and tested on its other day, then one's model at the other."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.calibrate import NEVER, Budget, assign_folds, calibrate
from clan.detect import ClanDetector
from clan.detect.training_rows import warm_up_us
from clan.errors import ClanError
from clan.evaluate.benchmarks.base import Benchmark
from clan.evaluate.day import judge_day
from clan.evaluate.machine import provenance
from clan.evaluate.results import Results
from clan.evaluate.rivals import Detector, Rival
from clan.evaluate.runner import BenchOptions, Library
from clan.evaluate.site_tables import ALERTS_PER_DAY, TRIVIAL_FAMILY, site_tables
from clan.evaluate.sites import SiteDays, find_sites, read_site
from clan.evaluate.trivial import TRIVIAL
from clan.schema import GROUPS

FOLDER = "samples"
"""Where the recordings are, in a folder of data."""
FEATURE_SETS = (("flow",), ("flow", "context"), ("flow", "context", "payload"))
"""Those whose groups are there take part."""
KEY = ("benchmark", "site", "trained_on", "threshold_from", "features", "detector", "epochs", "seed")
FIELDS = (
    *KEY,
    "family",
    "macro_auroc",
    "macro_recall",
    "flagged",
    "n_classes",
    "false_alarms",
    "bystander_alarms",
    "quiet_alarms",
    "n_benign",
    "side_effect_alerts",
    "classes",
    "n_train",
    "finished",
    "clan_version",
    "commit",
    "machine",
    "libraries",
)
_FOLDS = 5
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class _Trained:
    """A detector that has learnt one site's quiet day.

    Attributes:
        score: Flow table to scores.
        threshold: From that quiet day, held out.
    """

    score: Callable[[pl.DataFrame], Floats]
    threshold: float


def run(library: Library, _names: Sequence[str], options: BenchOptions, results: Results) -> None:
    """Make the runs that the results lack, of all sites that the folder holds."""
    sites = find_sites(library.paths[FOLDER])
    options.tell(
        f"a training for each site, choice of features, seed ({len(options.seeds)}) and detector "
        f"({len(options.detectors)}), kept in {results.place}"
    )
    for features in FEATURE_SETS:
        if set(features) - set(GROUPS):
            options.tell(f"{','.join(features)}: left out, this clan has no such features")
            continue
        days = {name: read_site(place, name, features) for name, place in sites.items()}
        for name, day in days.items():
            _run_trivial(day, features, results)
            others = [other for other in days.values() if other.name != name]
            for seed in options.seeds:
                for rival in options.detectors:
                    _run_one(day, others, rival, features, seed, options, results)


def _run_one(
    day: SiteDays,
    others: Sequence[SiteDays],
    rival: Rival,
    features: Sequence[str],
    seed: int,
    options: BenchOptions,
    results: Results,
) -> None:
    """Train on a site's quiet day, judge it there and at the other sites, as it is and with a threshold from there."""
    what = {"detector": rival.name, "family": rival.family, "epochs": options.epochs, "seed": seed}
    what |= {"benchmark": "lab", "trained_on": day.name, "features": ",".join(features)}
    own = what | {"site": day.name, "threshold_from": day.name}
    if own in results:
        return
    try:
        trained = _train(rival, day.quiet, features, seed, options)
        found = _judge(day, trained.score, trained.threshold)
        _append(results, own | found, day)
        for other in others:
            there = what | {"site": other.name}
            moved = _threshold(trained.score(other.quiet))
            for name, threshold in ((day.name, trained.threshold), (other.name, moved)):
                _append(results, there | {"threshold_from": name} | _judge(other, trained.score, threshold), day)
    except ClanError as error:
        options.tell(f"{day.name} {rival.name} {','.join(features)}: left out, {error}")
        return
    options.tell(
        f"{day.name} {','.join(features)} seed {seed} {rival.name}: macro AUROC {found['macro_auroc']:.3f}, "
        f"{found['flagged']} of {found['n_classes']} classes, {found['false_alarms']} false alarms, "
        f"{found['quiet_alarms']} on another quiet day"
    )


def _run_trivial(day: SiteDays, features: Sequence[str], results: Results) -> None:
    """Judge the baselines that learn nothing; they look at no feature, so once is enough."""
    for name, score in TRIVIAL.items() if tuple(features) == FEATURE_SETS[0] else ():
        key: dict[str, object] = {
            "benchmark": "lab",
            "site": day.name,
            "trained_on": "",
            "threshold_from": day.name,
            "features": "",
        }
        key |= {"detector": name, "family": TRIVIAL_FAMILY, "epochs": None, "seed": 0}
        if key not in results:
            _append(results, key | _judge(day, score, _threshold(score(day.quiet))), day)


def _judge(day: SiteDays, score: Callable[[pl.DataFrame], Floats], threshold: float) -> dict[str, object]:
    """Judge the day with attacks, and count the alarms of the other quiet day: what the budget is about."""
    again = None if day.quiet_again is None else int((score(day.quiet_again) >= threshold).sum())
    return judge_day(day, score(day.mixed), threshold) | {"quiet_alarms": again}


def _train(rival: Rival, quiet: pl.DataFrame, features: Sequence[str], seed: int, options: BenchOptions) -> _Trained:
    """Fit with a threshold for the budget, from flows that were held out in blocks of time."""
    made = rival.make(seed=seed, width=options.width, epochs=options.epochs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # doubts about small data, which the table shows anyway
        if isinstance(made, ClanDetector):
            made.set_params(fpr=None, alerts_per_day=ALERTS_PER_DAY, days=1.0).fit(quiet)
            return _Trained(score=lambda flows: np.asarray(made.anomaly_score(flows)), threshold=made.threshold_)
        rows = _Rows(quiet, features)
        table = rows.of(quiet)
        time = quiet["ts_start"].dt.timestamp("us").to_numpy()
        draw, warm_up = np.random.default_rng(seed), warm_up_us(features)  # as ClanDetector does
        folds = assign_folds(table.height, _FOLDS, draw, time=time, warm_up_us=warm_up)
        held_out = np.empty(table.height)
        for fold in range(_FOLDS):
            part = rival.make(seed=seed, width=options.width, epochs=options.epochs)
            part.fit(table.filter(folds != fold))
            held_out[folds == fold] = part.anomaly_score(table.filter(folds == fold))
        fitted: Detector = made.fit(table)
    known = folds != NEVER
    return _Trained(
        score=lambda flows: np.asarray(fitted.anomaly_score(rows.of(flows))),
        threshold=_threshold(held_out[known], days=float(known.mean())),
    )


class _Rows:
    """Feature columns as rivals take them: what a flow cannot tell is the median of the training flows."""

    def __init__(self, quiet: pl.DataFrame, features: Sequence[str]) -> None:
        names = [feature.name for group in features for feature in GROUPS[group]]
        self._columns = [
            pl.col(name).cast(pl.Float64).fill_null(quiet[name].cast(pl.Float64).fill_nan(None).median() or 0.0)
            for name in names
        ]

    def of(self, flows: pl.DataFrame) -> pl.DataFrame:
        """Give the rows of a flow table."""
        return flows.select(self._columns)


def _threshold(scores: Floats, *, days: float = 1.0) -> float:
    return calibrate(scores, Budget(alerts_per_day=ALERTS_PER_DAY), days=days).threshold


def _append(results: Results, run: Mapping[str, object], day: SiteDays) -> None:
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    results.append({**run, "n_train": day.quiet.height, "finished": finished, **provenance()})


LAB = Benchmark(
    name="lab",
    title="two recorded sites: each class within 10 alerts a day, and one site's model at the other",
    run=run,
    table=site_tables,
    picture=None,
    fields=FIELDS,
    key=KEY,
    folder=FOLDER,
)
