"""From alerting flows to their explanations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.alerts import RANGE, REPLACED, SHARED, Explanation, NormalFlow, Reason
from clan.calibrate import Calibration
from clan.detect import BenignScale, ClanDetector
from clan.detect.quantiles import PROBABILITIES
from clan.errors import ConfigError
from clan.explain.deletion import Deletion, delete
from clan.explain.families import families
from clan.explain.hosts import ends_of, history_of
from clan.explain.ranges import Beside, Ranges
from clan.explain.sentence import sentence_of
from clan.explain.storm import share
from clan.schema import check_columns

Floats = NDArray[np.float64]

N_NEAREST: Final = 3
"""Benign flows that a replacement has to normalise with."""

CLEARLY: Final = 2.0
"""How many times as often as it alerts benign traffic may reach the score that a replacement has to fall below: what
just misses the threshold with three benign flows exceeds it with the next."""

N_FARTHEST: Final = 3
"""Features that are named where nothing better is known."""

_AT_ONCE: Final = 256
"""Flows that are searched together, so that memory does not grow with their number."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def explain(detector: ClanDetector, flows: pl.DataFrame) -> list[Explanation]:
    """Say of each flow why it alerts.

    Args:
        detector: A fitted detector.
        flows: One row each, with the columns of its features; hosts and columns of group `context` are told where
            there are any. Best only alerts: what does not alert is compared with the benign range, and no more.

    Returns:
        One for each row, in the order of the table. The same for the same row, whatever rows come with it.

    Raises:
        NotFittedError: The detector is not fitted.
        SchemaError: Columns that the model needs are missing or not numeric.
        DataError: As `ClanDetector.anomaly_score`.
    """
    return Explainer(detector).explain(flows, detector.anomaly_score(flows))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """What is known of each flow before it is put into words.

    Attributes:
        families: The set of each flow. Shape `(n, n_families)`.
        without: Its score without them, NaN where it was not checked. Shape `(n,)`.
        drops: By how much it falls without each family alone; of a flow like it where reasons are shared. Shape
            `(n, n_families)`.
        nearest: Exemplars that are like it, the nearest first. Shape `(n, n_nearest)`.
        method: Name in `clan.alerts.METHODS` for each flow.
    """

    families: NDArray[np.bool_]
    without: Floats
    drops: Floats
    nearest: NDArray[np.intp]
    method: list[str]


class Explainer:
    """Explains the alerts of one detector; what depends on the detector alone is made once.

    Cost: `clan.explain.deletion.most_evaluations` bounds the scored rows of a flow that is searched; `docs/reasons.md`
    has how many there are in practice.

    Args:
        detector: A fitted detector.
        most: Flows of one call that are searched, >= 1; where there are more, the others share what was found on flows
            like them (`clan.explain.storm`), one or two scored rows each. None: all are searched.

    Raises:
        ConfigError: `most` is below 1.
    """

    def __init__(self, detector: ClanDetector, *, most: int | None = None) -> None:
        if most is not None and most < 1:
            raise ConfigError(f"most must be >= 1, got {most}")
        self.detector, self.most = detector, most
        self.features = detector.features_
        self.scale = BenignScale.of(detector.benign_quantiles_, PROBABILITIES)
        self.ranges = Ranges.of(self.scale, self.features)
        self.exemplars = detector.exemplars_
        self.family = families(self.exemplars.values)
        self.evaluations = 0
        """Rows that were scored so far."""
        self._scores = detector.model_.score(self.exemplars.values) if len(self.exemplars) else np.empty(0)
        self._margin = _margin(detector.calibration_)
        self._benign_high = {f.name: float(high) for f, high in zip(self.features, self.ranges.high, strict=True)}

    def explain(self, flows: pl.DataFrame, scores: Floats) -> list[Explanation]:
        """Explain scored flows.

        Args:
            flows: As of `explain`.
            scores: Their `anomaly_score`. Shape `(n,)`.

        Raises:
            SchemaError: Columns that the model needs are missing.
        """
        check_columns(flows.columns, self.features, what="the table of flows to explain")
        if flows.is_empty():
            return []
        values = flows.select(pl.col(f.name).cast(pl.Float64) for f in self.features).to_numpy()
        found = self._find(values, np.asarray(scores, dtype=np.float64))
        return self._told(flows, values, found)

    def _find(self, values: Floats, scores: Floats) -> _Found:
        """Search the set of each flow, or of as many as may be searched."""
        model_scores = self.detector.model_.score(values)
        self.evaluations += len(values)
        threshold = self.detector.threshold_
        # thresholds by group shift the scores of the model: the shift says where the model's own threshold is
        bound = np.where(scores == model_scores, threshold, model_scores - (scores - threshold))
        alerting = np.flatnonzero(scores >= threshold)
        n, n_families = len(values), int(self.family.max(initial=-1)) + 1
        found = _Found(
            families=np.zeros((n, n_families), dtype=np.bool_),
            without=np.full(n, np.nan),
            drops=np.full((n, n_families), np.nan),
            nearest=np.zeros((n, min(N_NEAREST, len(self.exemplars))), dtype=np.intp),
            method=[RANGE] * n,
        )
        if not len(self.exemplars):
            return found
        searched = alerting
        storm = None
        if self.most is not None and len(alerting) > self.most:
            storm = share(self._pattern(values[alerting]), self.most)
            searched = alerting[storm.searched]
        for start in range(0, len(searched), _AT_ONCE):
            rows = searched[start : start + _AT_ONCE]
            self._search(rows, values, model_scores, bound - self._margin, found)
            left = rows[~found.families[rows].any(axis=1)]  # not clearly normal, but perhaps just so
            if len(left) and self._margin > 0:
                self._search(left, values, model_scores, bound, found)
        others = np.setdiff1d(np.arange(n), alerting)  # what does not alert only has its nearest
        for start in range(0, len(others), _AT_ONCE):
            part = others[start : start + _AT_ONCE]
            found.nearest[part] = self.scale.nearest(values[part], self.exemplars.values, N_NEAREST)
        if storm is not None:
            for candidates in storm.like.T:  # the likest first
                self._take(alerting[storm.shared], alerting[storm.searched[candidates]], values, bound, found)
        return found

    def _search(
        self, rows: NDArray[np.intp], values: Floats, model_scores: Floats, bound: Floats, found: _Found
    ) -> None:
        """Search some flows, and write down what was found."""
        flows, kept = values[rows], self.exemplars.values
        allowed = self._scores < bound[rows, None]
        nearest = self.scale.nearest(flows, kept, N_NEAREST, allowed=allowed)
        # where hardly an exemplar is normal, those that are have to do
        usable = np.take_along_axis(allowed, nearest, axis=1)
        nearest = np.where(usable, nearest, nearest[:, :1])
        deletion: Deletion = delete(
            self.detector.model_.score, flows, model_scores[rows], bound[rows], kept[nearest], self.family
        )
        self.evaluations += deletion.evaluations
        solved = deletion.families.any(axis=1)
        found.families[rows], found.nearest[rows] = deletion.families, nearest
        found.drops[rows] = model_scores[rows, None] - deletion.alone
        found.without[rows] = np.where(solved, deletion.score_without, np.nan)
        for row in rows[solved]:
            found.method[row] = REPLACED

    def _take(
        self, rows: NDArray[np.intp], likest: NDArray[np.intp], values: Floats, bound: Floats, found: _Found
    ) -> None:
        """Try on flows that were not searched what was found on one like each; keep it where it holds."""
        first = ~found.families[rows].any(axis=1)
        found.nearest[rows[first]] = found.nearest[likest[first]]
        open_ = first & found.families[likest].any(axis=1)
        rows, likest = rows[open_], likest[open_]
        for start in range(0, len(rows), 8192):
            part, like = rows[start : start + 8192], likest[start : start + 8192]
            columns = found.families[like][:, self.family] & ~np.isnan(values[part])
            score = self.detector.model_.score(
                np.where(columns, self.exemplars.values[found.nearest[like, 0]], values[part])
            )
            self.evaluations += len(part)
            holds = score < bound[part]
            found.families[part[holds]], found.without[part[holds]] = found.families[like[holds]], score[holds]
            found.drops[part[holds]] = found.drops[like[holds]]
            for row in part[holds]:
                found.method[row] = SHARED

    def _pattern(self, values: Floats) -> NDArray[np.int8]:
        """Say of each feature whether it is below, in or above its range. Shape `(n, n_features)`; unknown is in."""
        return (values > self.ranges.high).astype(np.int8) - (values < self.ranges.low).astype(np.int8)

    def _told(self, flows: pl.DataFrame, values: Floats, found: _Found) -> list[Explanation]:
        """Put what was found into records."""
        beside, ends = self.ranges.beside(self.scale, values), ends_of(flows)
        history = history_of(flows, ends, self._benign_high)
        scaled, kept = self.scale.transform(values), self.scale.transform(self.exemplars.values)
        told = []
        for row, (who, before) in enumerate(zip(ends, history, strict=True)):
            reasons = tuple(self._reasons(row, beside, found))
            nearest = [*dict.fromkeys(found.nearest[row].tolist())]
            without = found.without[row]
            told.append(
                Explanation(
                    reasons=reasons,
                    sentence=sentence_of(reasons, before, who),
                    explained_by=found.method[row],
                    score_without=None if np.isnan(without) else float(without),
                    nearest=tuple(self._normal_flow(i, _differing(scaled[row], kept[i])) for i in nearest),
                    history=before,
                )
            )
        return told

    def _reasons(self, row: int, beside: Beside, found: _Found) -> list[Reason]:
        """Name a column of each family of the set, the family that brings the score down farthest first.

        A family that is as in the nearest benign flow is in a set for another of the nearest, and is told beside that
        one. Where it is as in all of them (reasons that were shared) it goes to the end, for it tells nothing.
        """
        here = beside.values[row]
        nearest = self.exemplars.values[found.nearest[row]]  # (n_nearest, n_features)
        if found.method[row] == RANGE:
            normal = nearest[0] if len(nearest) else np.full_like(here, np.nan)
            far = [beside.reason(row, j, normal=_known(normal, j)) for j in beside.farthest(row, N_FARTHEST)]
            return sorted(far, key=lambda reason: not reason.says_something)
        chosen, drops = np.flatnonzero(found.families[row]), found.drops[row]
        order = chosen[np.argsort(-drops[chosen], kind="stable")]
        reasons = []
        for family in order:
            members = np.flatnonzero((self.family == family) & ~np.isnan(here))
            theirs = nearest[:, members]  # (n_nearest, n_members)
            unlike = (here[members] != theirs) & ~np.isnan(theirs)
            which = int(np.argmax(unlike.any(axis=1)))  # the nearest that differs, or the nearest
            normal, differing = nearest[which], members[unlike[which]]
            among = differing if len(differing) else members
            shown = int(among[np.argmax(beside.rank[row, among])])
            reasons.append(
                beside.reason(
                    row,
                    shown,
                    normal=_known(normal, shown),
                    family=tuple(self.features[j].name for j in members if j != shown),
                    drop=float(drops[family]) if found.method[row] == REPLACED else None,
                )
            )
        return sorted(reasons, key=lambda reason: not reason.says_something)

    def _normal_flow(self, i: int, differing: int) -> NormalFlow:
        """Write down one exemplar."""
        of = {name: column[i] for name, column in self.exemplars.identity.items()}
        time_us = of.get("time_us")
        return NormalFlow(
            uid=_text(of.get("uid")),
            timestamp=_EPOCH + timedelta(microseconds=time_us) if isinstance(time_us, int) else None,
            protocol=_number(of.get("protocol")),
            port=_number(of.get("port")),
            src_ip=_text(of.get("src_ip")),
            dst_ip=_text(of.get("dst_ip")),
            anomaly_score=float(self._scores[i]),
            differing=differing,
        )


def _margin(calibration: Calibration) -> float:
    """How far below the threshold a score is that benign traffic reaches `CLEARLY` times as often, >= 0."""
    level = float(np.quantile(calibration.scores, max(0.0, 1.0 - CLEARLY * calibration.alpha)))
    return max(0.0, float(np.quantile(calibration.scores, 1.0 - calibration.alpha)) - level)


def _differing(one: Floats, other: Floats) -> int:
    """Count the features that differ by more than a spread, or that only one of two flows knows."""
    apart = np.abs(one - other)
    return int((apart > 1.0).sum() + (np.isnan(one) != np.isnan(other)).sum())


def _known(normal: Floats, column: int) -> float | None:
    return None if np.isnan(normal[column]) else float(normal[column])


def _text(value: str | int | None) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: str | int | None) -> int | None:
    return value if isinstance(value, int) else None
