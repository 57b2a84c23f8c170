"""How many false alarms are allowed, and the significance level that follows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from clan.calibrate.number import check_number
from clan.counted import counted
from clan.errors import ConfigError, DataError

DEFAULT_FPR = 0.01
"""The budget when nobody asks for one."""

MIN_RANK = 20
"""The default budget gives way to a larger one until this many of n + 1 flows may alert: a threshold at one of the very
highest scores would hang on a few odd flows. A budget that was asked for is kept, or refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """A false-alarm budget: alerts or incidents a day, or a false-positive rate, or none for the default rate.

    Attributes:
        alerts_per_day: False alarms a day, > 0.
        fpr: Share of benign flows that may alert, in (0, 1).
        fdr: Share of the *alerts* that may be false, in (0, 1). On top of the others: of the flows that they let alert,
            only those that stand out from what so many benign flows would do by chance.
        incidents_per_day: False incidents a day, > 0: alerts grouped by actor, target and time.

    Raises:
        ConfigError: Two rates are given, or a value is no number or out of range.
    """

    alerts_per_day: float | None = None
    fpr: float | None = None
    fdr: float | None = None
    incidents_per_day: float | None = None

    def __post_init__(self) -> None:
        for name in ("alerts_per_day", "fpr", "fdr", "incidents_per_day"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name))
        if self.alerts_per_day is not None and self.fpr is not None:
            raise ConfigError(
                f"give alerts_per_day or fpr, not both (got alerts_per_day={self.alerts_per_day}, fpr={self.fpr})"
            )
        if self.incidents_per_day is not None and not (self.alerts_per_day is None and self.fpr is None):
            raise ConfigError("give incidents_per_day, alerts_per_day or fpr, one of them")
        for name in ("alerts_per_day", "incidents_per_day"):
            rate = getattr(self, name)
            if rate is not None and not (rate > 0 and math.isfinite(rate)):
                raise ConfigError(f"{name} must be above 0, got {rate}")
        for name in ("fpr", "fdr"):
            share = getattr(self, name)
            if share is not None and not 0 < share < 1:
                raise ConfigError(f"{name} must be between 0 and 1, got {share}")

    @property
    def asked(self) -> bool:
        """Whether somebody chose this budget; the default gives way when the rows are too few for it."""
        return not (self.alerts_per_day is None and self.fpr is None and self.incidents_per_day is None)

    def __str__(self) -> str:
        rate = f"false-positive rate {self.fpr if self.fpr is not None else DEFAULT_FPR:g}"
        if self.alerts_per_day is not None:
            rate = f"{counted(self.alerts_per_day, 'alert', form='g')} a day"
        if self.incidents_per_day is not None:
            rate = f"{counted(self.incidents_per_day, 'incident', form='g')} a day"
        return rate if self.fdr is None else f"{rate}, at most {self.fdr:g} of the alerts false"

    def told(self, alpha: float) -> str:
        """Write the budget in words; the default, which gives way when rows are few, as the level that it became.

        Example:
            >>> Budget().told(0.35), Budget(fpr=0.1).told(0.35)
            ('false-positive rate 0.35', 'false-positive rate 0.1')
        """
        return str(self if self.asked else replace(self, fpr=float(f"{alpha:.3g}")))

    def alpha(self, n: int, days: float | None) -> float:
        """Turn the budget into a significance level for one flow.

        Args:
            n: Benign calibration flows.
            days: Days in which they were seen, where that is known.

        Returns:
            The largest p-value that alerts, in (0, 1). For the default budget never below 20 / (n + 1), or half. For
            incidents the smallest that there is: how many alerts make one depends on the flows
            (`clan.calibrate.alpha_of_incidents`).

        Raises:
            DataError: No days for a budget in alerts a day; too few flows for the budget that was asked; or a budget
                above the number of flows.
        """
        if self.incidents_per_day is not None:
            if days is None:
                raise DataError("incidents_per_day needs to know in how many days the flows were seen; say so: days")
            if self.incidents_per_day * days < 1:
                raise DataError(
                    f"{self} needs flows of {counted(1 / self.incidents_per_day, 'day', form='.3g')} or more, found "
                    f"{days:.3g}; take those of a longer time, or ask for "
                    f"{counted(_round_up(1 / days), 'incident', form='g')} a day or more"
                )
            return 1 / (n + 1)
        if self.alerts_per_day is not None:
            return self._alpha_of_rate(self.alerts_per_day, n, days)
        if self.fpr is None:
            return max(DEFAULT_FPR, min(MIN_RANK, (n + 1) / 2) / (n + 1))
        needed = math.ceil(1 / self.fpr) - 1
        if n < needed:
            raise DataError(
                f"a false-positive rate of {self.fpr:g} needs at least {counted(needed, 'benign flow')}, found {n:,}; "
                f"train on more, or ask for {_round_up(1 / (n + 1)):g} or more"
            )
        return self.fpr

    @staticmethod
    def _alpha_of_rate(rate: float, n: int, days: float | None) -> float:
        if days is None:
            raise DataError(
                "alerts_per_day needs to know in how many days the flows were seen, and these have no usable times; "
                "say it (days), or give the budget as a false-positive rate (fpr)"
            )
        alpha = rate * days / n
        if alpha >= 1:
            raise DataError(
                f"{counted(rate, 'alert', form='g')} a day is not below the {n / days:,.0f} flows a day of the "
                "training data; ask for fewer alerts"
            )
        if alpha * (n + 1) < 1:
            raise DataError(
                f"{counted(rate, 'alert', form='g')} a day needs at least "
                f"{counted(math.ceil(n / (rate * days)), 'benign flow')} at this rate of flows "
                f"({counted(1 / rate, 'day', form='.3g')}), found {counted(n, 'flow')} in "
                f"{counted(days, 'day', form='.3g')}; train on a longer time, "
                f"say how many days they stand for (days), "
                f"or ask for {counted(_round_up(1 / days), 'alert', form='g')} a day or more"
            )
        return alpha


def _round_up(value: float) -> float:
    """Round up to three significant digits, so that the value in a message works when it is typed in."""
    scale = 10.0 ** (2 - math.floor(math.log10(value)))
    return math.ceil(value * scale) / scale
