"""How much more traffic would help: what share of new flows is unlike anything that was seen, by how much was seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clan.detect.scorers.kmeans import k_means
from clan.detect.scorers.prototypes import N_PROTOTYPES, left_out_squared_distance, squared_distance

PARTS: Final = (1 / 8, 1 / 4, 1 / 2, 1.0)
"""Shares of the earlier flows, always the latest of them, as if watching had begun later."""
HELD_OUT: Final = 0.2
"""Share of the flows, the last ones, that are taken for new."""
USUAL: Final = 0.99
"""Quantile of the distances of what was seen beyond which a new flow is unlike all of it."""
LEAST_FLOWS: Final = 400


_MUCH = 0.25
"""Share of the last flows that is unlike all before, beyond which more flows are not what is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LearningCurve:
    """How unusual new flows are to those who saw less.

    Attributes:
        n_flows: Flows that were seen, an entry a part, ascending.
        unlike: Share of the last flows that is farther from these than 99 % of all that was seen are from each other,
            in [0, 1], an entry a part.
    """

    n_flows: tuple[int, ...]
    unlike: tuple[float, ...]

    @property
    def doubled(self) -> float:
        """What share would be unlike twice as much, if the last doubling is a guide; never more than now."""
        before, now = self.unlike[-2:]
        return now if before <= 0 else now * min(now / before, 1.0)

    @property
    def sentence(self) -> str:
        """What the curve says, in a line or two."""
        first, now = self.unlike[0], self.unlike[-1]
        told = (
            f"of the last {HELD_OUT:.0%} of the flows, {first:.1%} were unlike the {self.n_flows[0]:,} flows before "
            f"them, and {now:.1%} unlike all {self.n_flows[-1]:,}"
        )
        if now > _MUCH:
            return f"{told}: the traffic changed meanwhile, so what comes next may be unlike what was learnt"
        if now - self.doubled < max(0.1 * now, 0.0005):
            return f"{told}: more of the same traffic would change little"
        return f"{told}: twice as much traffic would bring about {self.doubled:.1%}"

    def as_json(self) -> dict[str, Any]:
        """The curve as JSON values."""
        return {"flows": list(self.n_flows), "unlike": list(self.unlike), "unlike_if_doubled": self.doubled}


def learning_curve(
    scaled: NDArray[np.float32], *, order: NDArray[np.int64] | None, seed: int = 0
) -> LearningCurve | None:
    """Measure how much less unusual the last flows are to a model that saw more.

    Costs a k-means a part, of at most `N_PROTOTYPES` centres.

    Args:
        scaled: Benign flows as the model sees them. Shape `(n, n_features)`, finite.
        order: When each was seen, in any unit; None: in the order of the rows. Shape `(n,)`.
        seed: Of the k-means.

    Returns:
        The curve; None with fewer than `LEAST_FLOWS` flows, which say too little.
    """
    n = len(scaled)
    if n < LEAST_FLOWS:
        return None
    rows = scaled if order is None else scaled[np.argsort(order, kind="stable")]
    cut = n - math.ceil(HELD_OUT * n)
    seen, new = rows[:cut], rows[cut:]
    centres = k_means(seen, N_PROTOTYPES, seed=seed)
    usual = float(np.quantile(left_out_squared_distance(seen, centres), USUAL))
    sizes = [round(part * cut) for part in PARTS]
    unlike = [
        float((squared_distance(new, k_means(seen[-size:], N_PROTOTYPES, seed=seed)) > usual).mean())
        for size in sizes[:-1]
    ]
    unlike.append(float((squared_distance(new, centres) > usual).mean()))
    return LearningCurve(n_flows=tuple(sizes), unlike=tuple(unlike))
