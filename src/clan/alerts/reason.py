"""One reason why a flow raised an alert."""

from __future__ import annotations

from dataclasses import dataclass

from clan.alerts.quantity import quantity

BENIGN_LOW = 0.005
"""Probability of the quantile where the benign range begins."""
BENIGN_HIGH = 0.995
"""Probability of the quantile where the benign range ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One feature of one flow beside the range that it has in benign traffic.

    Attributes:
        feature: Name of the column.
        value: Its value in this flow, in `unit`; finite or infinite, never NaN.
        unit: Unit of `value`, `benign_low` and `benign_high`; ``""`` where it is unknown.
        benign_quantile: Share of benign flows below the value, in [0, 1]; 0 and 1 outside everything that was seen.
        benign_low: The 0.5 % quantile of benign traffic.
        benign_high: The 99.5 % quantile of benign traffic.
        distance: How far the value lies outside the benign range, in spreads of the feature, >= 0; 0 inside.
    """

    feature: str
    value: float
    unit: str
    benign_quantile: float
    benign_low: float
    benign_high: float
    distance: float

    @property
    def sentence(self) -> str:
        """The reason in one short line; the feature's name is as the source spelt it, not escaped."""
        start = f"{self.feature} {quantity(self.value, self.unit)}"
        if self.value > self.benign_high:
            return f"{start}, benign {BENIGN_HIGH * 100:g} % quantile {quantity(self.benign_high, self.unit)}"
        if self.value < self.benign_low:
            return f"{start}, benign {BENIGN_LOW * 100:g} % quantile {quantity(self.benign_low, self.unit)}"
        return f"{start}, inside the benign range, at its {self.benign_quantile * 100:.1f} % quantile"
