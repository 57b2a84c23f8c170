"""What is known of how the budget holds, for people and for machines."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from clan.counted import counted
from clan.drift.features import MovedFeature

Verdict = Literal["too early", "holding", "above", "below"]
Advice = Literal["none", "investigate", "recalibrate", "retrain"]

SHOWN = 10
"""Features and hosts that are named, at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldingState:
    """Whether the alert budget holds, what has moved, and what to do about it.

    Attributes:
        n_flows: Flows judged.
        n_alerts: Those that the threshold lets alert, before any bound on false alerts.
        expected: Alerts expected of as many benign flows.
        interval: Their 95 % prediction interval, for flows exchangeable with those of the calibration.
        rate: Share of flows that alerted.
        rate_interval: 95 % confidence sequence of that share: holds at all times together.
        expected_rate_interval: 95 % interval of the share that the calibration expects.
        verdict: ``"holding"``; ``"above"`` or ``"below"`` the budget; ``"too early"`` before one alert is expected.
        log10_e: Evidence against the expected rate, on the side of the verdict; the verdict turns where it passes the
            stated error, and back where it has fallen a hundredfold below.
        since: Number of the flow from which the rate has most likely been another.
        n_flows_since: Flows from there on.
        n_alerts_since: Alerts among them.
        score_since: Number of the flow from which the scores have most likely been others.
        score_drift: Population stability index of the p-values since the scores have most likely moved; 0.1 is small,
            0.25 much.
        score_log10_e: Evidence that the scores have moved.
        scores_moved: Whether that evidence passes the stated error, and the move is more than small.
        n_features: Features of the model.
        n_moved: How many of them have moved much.
        moved: The most moved, at most ten.
        hosts: Hosts that most of the latest alerts come from or go to, with their share, most first; at most ten.
        concentrated: Whether the rate is above the budget, and flows without the three hosts of most alerts have less
            than half of the excess.
        learnt_from: Whether most of the flows are those that the model learnt from; they score as more ordinary than
            new ones, so that their scores have moved and few alerts say nothing.
        advice: ``"none"``; ``"investigate"``: few hosts raise the rate, as an attack does, so do not calibrate on this;
            ``"recalibrate"``: scores have moved, ``clan calibrate``; ``"retrain"``: so many features have moved that
            the model knows another network, ``clan train``.
    """

    n_flows: int
    n_alerts: int
    expected: float
    interval: tuple[int, int]
    rate: float
    rate_interval: tuple[float, float]
    expected_rate_interval: tuple[float, float]
    verdict: Verdict
    log10_e: float
    since: int
    n_flows_since: int
    n_alerts_since: int
    score_since: int
    score_drift: float
    score_log10_e: float
    scores_moved: bool
    n_features: int
    n_moved: int
    moved: tuple[MovedFeature, ...]
    hosts: tuple[tuple[str, float], ...]
    concentrated: bool
    passed: bool
    learnt_from: bool
    advice: Advice

    def brief(self) -> dict[str, Any]:
        """Give what a line of statistics has room for, as JSON values."""
        return {
            "verdict": self.verdict,
            "advice": self.advice,
            "alerts": self.n_alerts,
            "expected": round(self.expected, 3),
            "rate_low": self.rate_interval[0],
            "rate_high": self.rate_interval[1],
            "score_drift": round(self.score_drift, 4),
            "scores_moved": self.scores_moved,
            "features_moved": self.n_moved,
        }

    def as_json(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        return asdict(self) | {"hosts": [{"host": host, "share": share} for host, share in self.hosts]}

    @property
    def sentence(self) -> str:
        """Say it in one line; host names and addresses are not in it."""
        low, high = self.rate_interval
        counts = f"{counted(self.n_alerts, 'alert')} in {counted(self.n_flows, 'flow')}"
        rate = f"{counts}, {self.rate:.3%} ({low:.3%} to {high:.3%})"
        expected = "{:.3%} to {:.3%} expected".format(*self.expected_rate_interval)
        parts = [f"budget {_VERDICTS[self.verdict]}: {rate}, {expected}"]
        if self.verdict in ("above", "below") and self.since:
            parts.append(f"since flow {self.since:,}: {self.n_alerts_since:,} in {self.n_flows_since:,}")
        if self.scores_moved:
            since = f" since flow {self.score_since:,}" if self.score_since else ""
            parts.append(f"scores have moved{since} (index {self.score_drift:.2f})")
        if self.n_moved:
            names = ", ".join(f"{f.name} {f.psi:.2f}" for f in self.moved[:3])
            parts.append(f"moved: {self.n_moved} of {counted(self.n_features, 'feature')} ({names})")
        if self.learnt_from and self.verdict != "above":
            parts.append(_LEARNT)
        over = self.passed and not self.concentrated
        return "; ".join([*parts, *(_OVER if over else _ADVICE[self.advice])])


_VERDICTS: dict[Verdict, str] = {
    "too early": "not judged yet",
    "holding": "holding",
    "above": "exceeded",
    "below": "not used",
}
_ADVICE: dict[Advice, list[str]] = {
    "none": [],
    "investigate": [
        "few hosts raise the rate: look at their alerts before anything else, and do not calibrate on them"
    ],
    "recalibrate": ["if this traffic is benign, set the threshold anew: clan calibrate"],
    "retrain": ["the traffic is not what the model learnt: if it is benign, train again: clan train"],
}
_LEARNT = (
    "these are flows that the model learnt from, which score as more ordinary than new ones: judge the budget on others"
)
_OVER = ["the excess is over, as an attack is: look at its alerts before anything else, and do not calibrate on them"]
