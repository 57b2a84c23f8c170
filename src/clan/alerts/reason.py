"""One reason why a flow raised an alert."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from clan.alerts.quantity import quantity

BENIGN_LOW = 0.001
"""Probability of the quantile where the benign range begins."""
BENIGN_HIGH = 0.999
"""Probability of the quantile where the benign range ends."""


class Reason(Struct, frozen=True, kw_only=True):
    """One feature of one flow, with those that go with it, beside benign traffic.

    Attributes:
        feature: Name of the column.
        value: Its value in this flow, in `unit`; finite or infinite, never NaN.
        unit: Unit of `value`, `benign_low`, `benign_high` and `normal_value`; ``""`` where it is unknown.
        benign_quantile: Share of benign flows below the value, in [0, 1]; 0 and 1 outside everything that was seen.
        benign_low: The 0.1 % quantile of benign traffic.
        benign_high: The 99.9 % quantile of benign traffic.
        distance: How far the value lies outside the benign range, in spreads of the feature, >= 0; 0 inside.
        meaning: What the column is, in words; ``""`` where nobody said.
        normal_value: Its value in the benign flow that is most like this one, of those that the reasons were tried with
            the first that differs in it or its family; None where there is none, or it is unknown there.
        family: Further columns that go with it in benign traffic and were replaced with it.
        drop: By how much the score falls when this and its family alone are replaced by the values of that benign flow;
            None where that was not tried. It can be negative: features may matter together only.
    """

    feature: str
    value: float
    unit: str
    benign_quantile: float
    benign_low: float
    benign_high: float
    distance: float
    meaning: str = ""
    normal_value: float | None = None
    family: tuple[str, ...] = ()
    drop: float | None = None

    @property
    def sentence(self) -> str:
        """The reason in one short line; the feature's name is as the source spelt it, not escaped."""
        start = f"{self.feature} {quantity(self.value, self.unit)}"
        if self.value > self.benign_high:
            return start + _bound(BENIGN_HIGH, self.benign_high, self.unit)
        if self.value < self.benign_low:
            return start + _bound(BENIGN_LOW, self.benign_low, self.unit)
        if self.normal_value is not None and self.normal_value != self.value:
            return f"{start}, {quantity(self.normal_value, self.unit)} in the benign flow most like it"
        return f"{start}, at the benign {self.benign_quantile * 100:.1f} % quantile: usual by itself, not with the rest"

    @property
    def says_something(self) -> bool:
        """Whether the value is outside the benign range, or another than in the benign flow beside it."""
        return self.distance > 0 or (self.normal_value is not None and self.normal_value != self.value)


@lru_cache(maxsize=4096)
def _bound(probability: float, value: float, unit: str) -> str:
    """Write one end of the benign range, which is the same for all alerts of a model."""
    return f", benign {probability * 100:g} % quantile {quantity(value, unit)}"
