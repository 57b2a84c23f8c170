"""Conformal p-values and the threshold that agrees with them on every row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from clan.calibrate.budget import Budget
from clan.calibrate.dispersion import dispersion
from clan.calibrate.groups import Groups, check_keys, find_groups
from clan.calibrate.incident_level import alpha_of_incidents
from clan.calibrate.interval import alert_interval, rate_interval
from clan.calibrate.ranking import Ranking
from clan.calibrate.tail import Tail, fit_tail
from clan.errors import ConfigError, DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """What benign scores say about new ones.

    A flow alerts when its p-value is at most `alpha`, which is the same as a score at or above `threshold`.

    With groups each has its own ranks. Scores are *levelled* then: shifted, group by group, so that all groups alert
    from the same score on. Other rooms see levelled scores only, so one threshold holds for them too.

    Attributes:
        scores: Anomaly scores of benign flows that the scoring model did not see, not levelled; ascending within each
            group, one group after another. Shape `(n,)`.
        alpha: Largest p-value that alerts, in (0, 1).
        budget: The budget in words.
        asked: The budget; None: not known.
        days: Days in which the flows were seen, where that is known.
        inflation: How many times as uncertain as n independent scores the threshold is; above 1 when the scores come
            from other models than the one that will score.
        dispersion: How many times as variable as of independent flows the number of alerts of a stretch of time was
            among the calibration flows, >= 1; 1 where no times were known.
        ceiling: Score, not levelled, above which calibrations on traffic that nobody vouched for may not raise the
            threshold; None where there was none since the training, or since somebody vouched.
        fdr: Share of the alerts that may be false, where that was asked for.
        groups: The groups that have a threshold each; None for one threshold.
        sizes: Flows of each group, in the order of `groups.cells`; empty without groups.
        tails: A fitted tail for each group, or one; empty: p-values never go below 1 / (n + 1).
    """

    scores: Floats
    alpha: float
    budget: str
    asked: Budget | None = None
    days: float | None = None
    inflation: float = 1.0
    dispersion: float = 1.0
    ceiling: float | None = None
    fdr: float | None = None
    groups: Groups | None = None
    sizes: tuple[int, ...] = ()
    tails: tuple[Tail | None, ...] = ()
    _levels: Floats = field(init=False, repr=False, compare=False)
    _rankings: tuple[Ranking, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Level the groups; an empty one (nothing of the calibration is like it) has the ranks of all flows."""
        sizes, tails = self.sizes or (self.n,), self.tails or (None,) * max(len(self.sizes), 1)
        parts = [part if len(part) else np.sort(self.scores) for part in np.split(self.scores, np.cumsum(sizes)[:-1])]
        raw = [Ranking(scores=p, alpha=self.alpha, tail=tail) for p, tail in zip(parts, tails, strict=True)]
        highest = raw[0].highest_normal
        if len(raw) > 1:
            highest = Ranking(scores=np.sort(self.scores), alpha=self.alpha).highest_normal
            raw = [each.moved(highest) for each in raw]
        object.__setattr__(self, "_levels", np.array([_top(p, self.alpha) for p in parts]))
        object.__setattr__(self, "_rankings", tuple(raw))

    @property
    def n(self) -> int:
        """Number of calibration flows."""
        return len(self.scores)

    @property
    def rank(self) -> int:
        """One more than the calibration scores above the threshold, summed over the groups: of n + 1, so many alert."""
        return sum(each.rank for each in self._filled)

    @property
    def highest_normal(self) -> float:
        """The highest score that does not alert, the same in every group; infinite when nothing may alert."""
        return self._rankings[0].highest_normal

    @property
    def threshold(self) -> float:
        """The lowest score that alerts: the next float above `highest_normal`."""
        return float(np.nextafter(self.highest_normal, math.inf))

    @property
    def expected_fpr(self) -> float:
        """Expected share of benign flows that alert (an upper bound when scores are tied)."""
        return self.rank / (self.n + len(self._filled))

    @property
    def flows_per_day(self) -> float | None:
        """Benign flows a day in the calibration data, where the days are known."""
        return None if not self.days else self.n / self.days

    @property
    def expected_alerts_per_day(self) -> float | None:
        """Expected false alarms a day at the rate of flows of the calibration data."""
        return None if self.flows_per_day is None else self.expected_fpr * self.flows_per_day

    @property
    def alerts_per_day_interval(self) -> tuple[int, int] | None:
        """95 % prediction interval of the false alarms in one day like those of the calibration data."""
        return None if self.flows_per_day is None else self.prediction_interval(round(self.flows_per_day))

    def prediction_interval(self, n_new: int, level: float = 0.95) -> tuple[int, int]:
        """Predict the number of alerts among new benign flows.

        Args:
            n_new: Number of new benign flows.
            level: Probability that the count lies inside, in (0, 1).

        Returns:
            Smallest and largest count, both inclusive. Assumes that the new flows are exchangeable with the
            calibration flows: same network, no drift, the same share of them in each group.
        """
        n = self.n + len(self._filled) - 1
        return alert_interval(self.rank, n, n_new, level, inflation=self.inflation, tied=self._tied)

    def rate_interval(self, level: float = 0.95, *, inflation: float | None = None) -> tuple[float, float]:
        """Interval of the true false-positive rate under the same assumptions."""
        n, inflation = self.n + len(self._filled) - 1, self.inflation if inflation is None else inflation
        return rate_interval(self.rank, n, level, inflation=inflation, tied=self._tied)

    def level(self, scores: Floats, group: Ints | None) -> Floats:
        """Shift the scores of a model so that every group alerts from the same score on; shape `(m,)`.

        Args:
            scores: As the model gives them. Shape `(m,)`.
            group: Group of each flow, from `groups.assign`; None without groups.
        """
        if group is None:
            return scores
        # exact where a score is its group's highest normal one, so that ties stay on their side of the threshold
        return self.highest_normal + (scores - self._levels[group])

    def p_value(self, scores: ArrayLike, group: Ints | None = None) -> Floats:
        """Share of benign flows, the new one among them, that are at least as anomalous.

        Args:
            scores: Anomaly scores, levelled. Shape `(m,)`.
            group: Group of each flow; needed where there are groups.

        Returns:
            Shape `(m,)`, see `Ranking.p_value`.

        Raises:
            ConfigError: There are groups, and no `group` was given.
        """
        values = np.asarray(scores, dtype=np.float64)
        if self.groups is None:
            return self._rankings[0].p_value(values)
        if group is None:
            raise ConfigError("this calibration has groups: give the group of each flow, from groups.assign(flows)")
        p = np.empty(len(values))
        for number in np.unique(group):
            p[group == number] = self._rankings[number].p_value(values[group == number])
        return p

    def lowest_p_value(self, group: Ints | None = None) -> Floats | float:
        """The lowest p-value that ranks can give, 1 / (n + 1) of the flow's group; below, it is extrapolated."""
        lowest = np.array([1 / (each.n + 1) for each in self._rankings])
        return float(lowest[0]) if group is None else lowest[group]

    def own_p_values(self) -> Floats:
        """The p-values that new flows with the scores of the calibration flows would have; shape `(n,)`."""
        return np.concatenate([each.p_value(each.scores) for each in self._filled])

    def with_budget(self, budget: Budget) -> Calibration:
        """The same scores for another budget.

        Raises:
            DataError: The flows, or those of one of the groups, cannot support it.
        """
        if budget.incidents_per_day is not None:
            raise DataError("incidents_per_day needs the flows themselves, to group them; calibrate on flows (-r)")
        alpha = budget.alpha(self.n, self.days)
        smallest = min((n for n in self.sizes if n), default=self.n)
        if alpha * (smallest + 1) < 1:
            raise DataError(
                f"{budget} needs at least {math.ceil(1 / alpha) - 1:,} benign flows in each group, found {smallest:,} "
                "in one; calibrate on flows (-r), so that the groups are chosen anew"
            )
        return replace(self, alpha=alpha, budget=budget.told(alpha), asked=budget, fdr=budget.fdr)

    @property
    def _filled(self) -> list[Ranking]:
        sizes = self.sizes or (self.n,)
        return [each for each, size in zip(self._rankings, sizes, strict=True) if size]

    @property
    def _tied(self) -> int:
        return sum(each.tied for each in self._filled)


def calibrate(
    scores: ArrayLike,
    budget: Budget,
    *,
    days: float | None = None,
    inflation: float = 1.0,
    order: NDArray[np.intp] | None = None,
    flows: pl.DataFrame | None = None,
    by: Sequence[str] = (),
) -> Calibration:
    """Set a threshold so that the budget holds.

    Args:
        scores: Anomaly scores of benign flows that the model did not see. Shape `(n,)`, finite.
        budget: What was asked for.
        days: Days in which the flows were seen; needed for a budget in alerts a day.
        inflation: See `Calibration`.
        order: Row numbers in order of time, where times are known.
        flows: The flows, for thresholds by group and for a budget of incidents.
        by: What to group them by, coarse to fine; names in `clan.calibrate.KEYS`.

    Raises:
        DataError: The flows cannot support the budget; the message says how many are needed.
        SchemaError: The flows lack a column that the groups need.
        ConfigError: There is no such key; or groups and a budget of incidents.

    Example:
        >>> calibration = calibrate(range(99), Budget(fpr=0.05))
        >>> calibration.highest_normal, calibration.p_value([94.5, 94.0]).tolist()
        (94.0, [0.05, 0.06])
    """
    check_keys(by, budget)
    values = np.asarray(scores, dtype=np.float64)
    alpha, groups = budget.alpha(len(values), days), None
    if budget.incidents_per_day is not None:
        if flows is None or days is None:
            raise DataError("incidents_per_day needs a flow table with addresses and times, to group its alerts")
        alpha = alpha_of_incidents(values, flows, budget.incidents_per_day, days)
    group, sizes = np.zeros(len(values), dtype=np.int64), tuple[int, ...]()
    if by and flows is not None:
        groups = find_groups(flows, by, alpha)
        group = groups.assign(flows)
        sizes = tuple(np.bincount(group, minlength=len(groups.cells)).tolist())
    ordered = values[np.lexsort((values, group))]
    found = Calibration(
        scores=ordered,
        alpha=alpha,
        budget=budget.told(alpha),
        asked=budget,
        days=days,
        inflation=inflation,
        fdr=budget.fdr,
        groups=groups,
        sizes=sizes,
        tails=tuple(fit_tail(part) for part in np.split(ordered, np.cumsum(sizes)[:-1]))
        if sizes
        else (fit_tail(ordered),),
    )
    if order is None:
        return found
    alerts = found.level(values, group if groups else None) > found.highest_normal
    return replace(found, dispersion=dispersion(alerts, order))


def _top(scores: Floats, alpha: float) -> float:
    return Ranking(scores=scores, alpha=alpha).highest_normal
