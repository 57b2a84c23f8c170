"""Whether the running detector keeps its budget: observed against expected, at any time."""

from __future__ import annotations

import copy

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clan.detect import ClanDetector
from clan.drift.confidence import rate_sequence
from clan.drift.entities import RecentHosts
from clan.drift.evidence import BLOCK, Evidence, Finding, Side
from clan.drift.features import FeatureDrift
from clan.drift.state import SHOWN, Advice, HoldingState, Verdict
from clan.drift.training_flows import TrainingFlows

_HOSTS = ("src_ip", "dst_ip")
_NONE = np.zeros(2, dtype=np.int64)

Ints = NDArray[np.int64]

EDGES = np.append(np.arange(1, 11) * 0.05, 1.0)
"""Upper ends of the ranges of p-values that are counted for the drift of scores. The more normal half is one: how far
below the ordinary the most ordinary flows score says nothing of alerts."""

TRUST = 400
"""Calibration flows that scores of *other* models count as, at most, for the drift of scores. The models of the folds
and the final one differ by a tenth or two in how many flows score in a range, however many flows there are (measured
over halvings of seven data sets, `docs/budget.md`); after `clan calibrate` one model gives all scores, and this does
not apply."""

SMALL = 0.1
"""Index up to which moved scores are no reason to do anything."""

MANY = 0.25
"""Share of the features that, when moved, make it another network."""

FEW_HOSTS = 3
"""Hosts that may not carry an excess of alerts alone."""

DRIFT_LIMIT = 1.0
"""Index of the p-values from which calibrating anew is not enough: hardly a flow scores as before."""


STAYS = 2.0
"""Decades that the evidence has to fall below what it took, before a verdict is taken back: so that it does not come
and go with chance while the evidence does."""

PASSED = 1000.0
"""How many times as likely the latest alerts have to be at the expected rate as at that since the change, for an excess
to be over."""


class Holding:
    """Follows a detector's alerts, scores and features, batch by batch, in constant memory and time a flow.

    What it says depends on the flows and their order alone, not on how they come in batches.

    Args:
        detector: A fitted detector.
        error: Chance that a stream of flows exchangeable with those of the calibration is ever said to exceed or miss
            the budget, or to have moved scores; in (0, 1).
    """

    def __init__(self, detector: ClanDetector, *, error: float = 0.01) -> None:
        calibration = detector.calibration_
        self._calibration, self._needed = calibration, float(np.log10(2 / error))  # half for each of two tests
        rank, out_of = max(calibration.rank, 1), calibration.n + 1
        sides: tuple[Side, ...] = ("above", "below")
        self._alerts = {
            side: Evidence(
                np.array([rank, max(out_of - rank, 1)], dtype=np.float64),
                concentration=0.5 * out_of / rank,
                inflation=calibration.inflation,
                dispersion=calibration.dispersion,
                side=side,
                weight=1 / len(sides),
            )
            for side in sides
        }
        self._n_counted = self._n_counted_alerts = 0  # of the blocks that are full
        self._stands: Side | None = None  # what was found there
        self._reference = _binned(calibration.own_p_values()) + 1 / len(EDGES)
        trust = TRUST if calibration.inflation > 1 else calibration.n
        self._scores = Evidence(
            self._reference,
            concentration=len(EDGES) / 2,
            inflation=max(calibration.inflation, calibration.n / trust),
            dispersion=calibration.dispersion,
        )
        self._features = FeatureDrift(detector.features_, detector.benign_quantiles_)
        self._hosts = RecentHosts(_HOSTS)
        training = detector.manifest_["training"]
        n_rows = int(training.get("rows_seen", training["rows"]))
        self._training = TrainingFlows(detector.features_, detector.exemplars_, n_rows)
        self.n_flows = self.n_alerts = 0
        self._alert = np.empty(0, dtype=np.bool_)  # of the block that is not full yet
        self._p_value = np.empty(0)

    def update(self, scored: pl.DataFrame) -> None:
        """Take the next flows, in their order.

        Args:
            scored: What `ClanDetector.judge` gives: `anomaly_score` and `p_value`; addresses and the columns of the
                model are used where they are there.
        """
        alert = scored["anomaly_score"].to_numpy() >= self._calibration.threshold
        self.n_flows += scored.height
        self.n_alerts += int(alert.sum())
        self._features.update(scored)
        self._hosts.update(scored, pl.Series(alert))
        self._training.update(scored)
        self._alert = np.append(self._alert, alert)
        self._p_value = np.append(self._p_value, scored["p_value"].to_numpy())
        full = len(self._alert) // BLOCK * BLOCK
        for start in range(0, full, BLOCK):
            counts = _two(self._alert[start : start + BLOCK])
            for evidence in self._alerts.values():
                evidence.update(counts)
            self._n_counted, self._n_counted_alerts = self._n_counted + BLOCK, self._n_counted_alerts + int(counts[0])
            self._stands, _ = self._found(_NONE)
            self._scores.update(_binned(self._p_value[start : start + BLOCK]))
        self._alert, self._p_value = self._alert[full:].copy(), self._p_value[full:].copy()

    def state(self) -> HoldingState:
        """Say how it stands; as often as wanted."""
        calibration, n, count = self._calibration, self.n_flows, self.n_alerts
        rate, expected = count / max(n, 1), calibration.expected_fpr
        rest = _two(self._alert)
        side, alerts = self._found(rest)
        scores = self._scores.finding(_binned(self._p_value))
        recent = int(alerts.counts[0]), int(alerts.counts.sum())
        verdict: Verdict = side or ("holding" if n * expected >= 1 else "too early")
        score_drift = _index(scores.counts, self._reference)
        scores_moved = bool(scores.log10_e >= self._needed and score_drift >= SMALL)
        moved, n_features = self._features.moved(), self._features.n_features
        hosts, concentrated = self._concentration(*recent)
        concentrated &= verdict == "above"
        passed = verdict == "above" and self._alerts["above"].has_passed(alerts, rest, times=PASSED)
        learnt_from = self._training.are_most
        advice: Advice = _advice(verdict, scores_moved, score_drift, len(moved) / n_features)
        if concentrated or passed:
            advice = "investigate"
        elif learnt_from and verdict != "above":
            advice = "none"
        return HoldingState(
            n_flows=n,
            n_alerts=count,
            expected=expected * n,
            interval=calibration.prediction_interval(n),
            rate=rate,
            rate_interval=rate_sequence(count, n, guess=max(expected, 1e-9), dispersion=calibration.dispersion),
            expected_rate_interval=calibration.rate_interval(),
            verdict=verdict,
            log10_e=alerts.log10_e,
            since=alerts.since,
            n_flows_since=recent[1],
            n_alerts_since=recent[0],
            score_since=scores.since,
            score_drift=score_drift,
            score_log10_e=scores.log10_e,
            scores_moved=scores_moved,
            n_features=n_features,
            n_moved=len(moved),
            moved=tuple(moved[:SHOWN]),
            hosts=tuple(hosts[:SHOWN]),
            concentrated=concentrated,
            passed=passed,
            learnt_from=learnt_from,
            advice=advice,
        )

    def _found(self, rest: Ints) -> tuple[Side | None, Finding]:
        """Say on which side of the budget the alerts are, with those of a block that is not full yet; and the evidence.

        Below needs the whole to be below as well: quiet after too many alerts is not a budget that is not used.
        """
        found = {side: evidence.finding(rest) for side, evidence in self._alerts.items()}
        n, count = self._n_counted + int(rest.sum()), self._n_counted_alerts + int(rest[0])
        possible: tuple[Side, ...] = ("above", "below") if count <= self._calibration.expected_fpr * n else ("above",)
        for side in possible:
            if found[side].log10_e >= self._needed - STAYS * (side == self._stands):
                return side, found[side]
        return None, max(found.values(), key=lambda finding: finding.log10_e)

    def copy(self) -> Holding:
        """Give one that goes on by itself from here."""
        return copy.deepcopy(self)

    def _concentration(self, count: int, n: int) -> tuple[list[tuple[str, float]], bool]:
        """Name the hosts of most alerts, and say whether without three of them most of the excess would be gone."""
        tops = {column: self._hosts.top(column, count) for column in _HOSTS}
        named = dict[str, float]()  # a host on both sides counts by the side that has more
        for top in tops.values():
            for host, share in top[:SHOWN]:
                named[host] = max(share, named.get(host, 0.0))
        rate, expected = count / max(n, 1), self._calibration.expected_fpr
        others = []  # alert rate of the flows that have none of the three
        for column, top in tops.items():
            few = top[:FEW_HOSTS]
            flows = 1 - self._hosts.share_of_flows(column, [host for host, _ in few], n)
            others.append(rate * (1 - sum(share for _, share in few)) / max(flows, 1e-9))
        most_first = sorted(named.items(), key=lambda pair: (pair[1], pair[0]), reverse=True)
        return most_first, bool(min(others) - expected <= (rate - expected) / 2)


def _advice(verdict: Verdict, scores_moved: bool, score_drift: float, share_moved: float) -> Advice:  # noqa: FBT001
    if verdict in ("too early", "holding") and not scores_moved:
        return "none"
    return "retrain" if share_moved >= MANY or score_drift >= DRIFT_LIMIT else "recalibrate"


def _two(alert: np.ndarray) -> np.ndarray:
    return np.array([alert.sum(), len(alert) - alert.sum()], dtype=np.int64)


def _binned(p_value: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(EDGES, p_value - 1e-12), minlength=len(EDGES))


def _index(counts: np.ndarray, reference: np.ndarray) -> float:
    """Population stability index, less what chance adds to it."""
    n = counts.sum()
    if not n:
        return 0.0
    share, expected = (counts + 0.5 / len(EDGES)) / (n + 0.5), reference / reference.sum()
    return float(max(((share - expected) * np.log(share / expected)).sum() - (len(EDGES) - 1) / n, 0.0))
