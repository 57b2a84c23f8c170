"""Calibrating on traffic that the detector itself judges clean, with a guard against learning an attack as normal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from clan.calibrate import KEYS, Budget, Calibration, calibrate, observed_days
from clan.counted import counted
from clan.detect import ClanDetector
from clan.drift.confidence import rate_sequence
from clan.drift.guard import SIDES, Guard, SuspiciousHost, suspicious_hosts, without
from clan.errors import DataError

MOST = 200_000
"""Flows that are remembered, the latest."""

_NEEDED = ("ts_start", "ts_end", "source", "protocol", "src_port", "dst_port", *SIDES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A new calibration, or why there is none.

    Attributes:
        calibration: The new one; None where it is refused.
        refusals: Why it is refused; empty otherwise.
        n_flows: Flows that were looked at.
        n_left_out: Those of suspicious hosts.
        hosts: The suspicious hosts.
        rate: Share of the other flows that alert at the old threshold.
        rate_interval: Its 95 % confidence sequence.
        expected: The share that the old calibration expects.
        threshold_before: The old threshold.
        capped: Whether the guard held the threshold down, so that more flows alert than the budget allows.
        guarded: Whether the guard refused it, so that it helps to vouch for the flows.
    """

    calibration: Calibration | None
    refusals: tuple[str, ...]
    n_flows: int
    n_left_out: int
    hosts: tuple[SuspiciousHost, ...]
    rate: float
    rate_interval: tuple[float, float]
    expected: float
    threshold_before: float
    capped: bool = False
    guarded: bool = False

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        new = self.calibration
        return {
            "accepted": new is not None,
            "refusals": list(self.refusals),
            "flows": self.n_flows,
            "left_out": self.n_left_out,
            "suspicious_hosts": [host.as_json() for host in self.hosts],
            "rate": self.rate,
            "rate_interval": list(self.rate_interval),
            "expected_rate": self.expected,
            "threshold_before": self.threshold_before,
            "threshold": None if new is None else new.threshold,
            "expected_fpr": None if new is None else new.expected_fpr,
            "capped": self.capped,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdicts:
    """What people said of flows.

    Attributes:
        benign: Uids of flows that are benign.
        malicious: Uids of flows that are not.
    """

    benign: frozenset[str]
    malicious: frozenset[str]

    def applied(self, scored: pl.DataFrame) -> pl.DataFrame:
        """Leave malicious flows out, and take benign ones for flows that did not alert; their scores stay."""
        vouched = pl.col("uid").is_in(list(self.benign))
        return scored.filter(~pl.col("uid").is_in(list(self.malicious))).with_columns(
            alert=pl.col("alert") & ~vouched, p_value=pl.when(vouched).then(1.0).otherwise("p_value")
        )


class Recalibrator:
    """Remembers what a detector scored, in bounded memory, and proposes a new calibration from it.

    Flows of hosts that alert far more often than the others are left out, all of them: leaving out single alerts would
    lower the threshold each time. The rest counts in full. It is refused, or held down, as `Guard` says.

    Args:
        detector: Fitted.
        guard: What is allowed; None: everything, because somebody vouches that the flows are benign.
        most: Flows to remember, the latest.
    """

    def __init__(self, detector: ClanDetector, *, guard: Guard | None = None, most: int = MOST) -> None:
        self._detector, self._guard, self._most = detector, guard, most
        self._flows = list[pl.DataFrame]()
        self._height = 0

    def update(self, scored: pl.DataFrame, *, verdicts: Verdicts | None = None) -> None:
        """Take the next flows, as `ClanDetector.judge` gives them.

        Args:
            scored: Scored flows.
            verdicts: What people said of flows like these, by `uid`: a malicious one is passed over, a benign one does
                not speak against its host.
        """
        if verdicts is not None:
            scored = verdicts.applied(scored)
        groups = self._detector.calibration_.groups
        wanted = {*_NEEDED, *(c for name in KEYS for c in KEYS[name][1] if groups or self._detector.thresholds_by)}
        raw = "raw_score" if "raw_score" in scored.columns else "anomaly_score"
        kept = [c for c in scored.columns if c in wanted]
        self._flows.append(scored.select(*kept, "p_value", "alert", raw=pl.col(raw)))
        self._height += scored.height
        if self._height > 2 * self._most or len(self._flows) > 1000:
            self._flows = [pl.concat(self._flows).tail(self._most)]
            self._height = self._flows[0].height

    def propose(self, budget: Budget | None = None, *, days: float | None = None) -> Proposal:
        """Make a new calibration of what is remembered; the detector stays as it is.

        Args:
            budget: None: the detector's own.
            days: Days in which the flows were seen, where their times do not tell.
        """
        detector, old = self._detector, self._detector.calibration_
        flows = pl.concat(self._flows).tail(self._most) if self._flows else _nothing()
        hosts, guard = list[SuspiciousHost](), self._guard
        if guard is not None:
            hosts = suspicious_hosts(
                flows, expected=old.expected_fpr, dispersion=old.dispersion, error=guard.host_error
            )
        kept = without(flows, hosts)
        count, n = int(kept["alert"].sum()), kept.height
        interval = rate_sequence(count, n, guess=max(old.expected_fpr, 1e-9), dispersion=old.dispersion)
        said = Proposal(
            calibration=None,
            refusals=(),
            n_flows=flows.height,
            n_left_out=flows.height - n,
            hosts=tuple(hosts),
            rate=count / max(n, 1),
            rate_interval=interval,
            expected=old.expected_fpr,
            threshold_before=old.threshold,
        )
        refusals = [] if guard is None else _refusals(said, guard)
        guarded = bool(refusals)
        new = None
        try:
            new = self._calibrate(kept, detector.budget if budget is None else budget, days)
        except DataError as error:
            refusals.append(str(error))
        if refusals or new is None:
            return replace(said, refusals=tuple(refusals), guarded=guarded)
        if guard is None:
            return replace(said, calibration=new)
        held = _held_down(new, old, kept, guard)
        return replace(said, calibration=held, capped=held.alpha > new.alpha)

    def _calibrate(self, kept: pl.DataFrame, budget: Budget, days: float | None) -> Calibration:
        if not kept.height:
            raise DataError("there are no flows to calibrate on")
        order = None
        if "ts_start" in kept.columns and kept["ts_start"].null_count() == 0:
            by = [c for c in ("source", "ts_start") if c in kept.columns]
            order = kept.select(pl.arg_sort_by(by)).to_series().to_numpy().astype(np.intp)
        return calibrate(
            kept["raw"].to_numpy(),
            budget,
            days=observed_days(kept) if days is None else days,
            order=order,
            flows=kept,
            by=self._detector.thresholds_by,
        )


def _refusals(said: Proposal, guard: Guard) -> list[str]:
    found = []
    share = said.n_left_out / max(said.n_flows, 1)
    if share > guard.most_left_out:
        named = ", ".join(host.host for host in said.hosts[:5])
        found.append(
            f"{share:.0%} of the flows are of {counted(len(said.hosts), 'host')} alerting far more often than the "
            f"others ({named}), and at most {guard.most_left_out:.0%} may be left out: look at them first"
        )
    if said.rate_interval[0] > guard.most_above * said.expected:
        found.append(
            f"{said.rate:.2%} of the other flows alert (surely {said.rate_interval[0]:.2%} or more), and at most "
            f"{guard.most_above:g} times the expected {said.expected:.2%} may: an attack from many hosts, or so much "
            "change that the model has to be trained again"
        )
    return found


def _held_down(new: Calibration, old: Calibration, kept: pl.DataFrame, guard: Guard) -> Calibration:
    """Lower the threshold to where the guard allows it.

    By one calibration it may rise to where the old one had so many times fewer flows, and by all together to where the
    one had that somebody vouched for.
    """
    ceiling = _score_at(old, old.alpha / guard.total) if old.ceiling is None else old.ceiling
    beyond = kept.select((pl.col("p_value") <= old.alpha / guard.step).sum(), high=(pl.col("raw") > ceiling).sum())
    least = (1 + max(beyond.row(0))) / (new.n + 1)
    if least <= new.alpha:
        return replace(new, ceiling=ceiling)
    return replace(
        new, alpha=min(least, 0.5), budget=f"{new.budget}; held at {least:.3g} by the guard", ceiling=ceiling
    )


def _score_at(calibration: Calibration, p_value: float) -> float:
    """The score, not levelled, that at most this share of the calibration flows is above."""
    scores = np.sort(calibration.scores)
    return float(scores[len(scores) - max(int(p_value * (len(scores) + 1)), 1)])


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema={"raw": pl.Float64, "p_value": pl.Float64, "alert": pl.Boolean})
