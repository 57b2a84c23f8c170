"""Which alerts to believe: at most a share of them false, whatever the number of flows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clan.errors import ConfigError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

REMEMBERED = 1000
"""Discoveries that the online procedure earns from, the latest. Forgetting one only lowers the levels to come."""


def benjamini_hochberg(p_values: Floats, q: float, *, cap: float = 1.0, n: int | None = None) -> Bools:
    """Choose p-values so that at most a share q of the chosen is expected to be false.

    Args:
        p_values: Of all flows of a run, those that do not alert among them; or of the lowest of them. Shape `(m,)`.
        q: Share of false discoveries, in (0, 1).
        cap: Nothing above this p-value is chosen, such as the budget's alpha.
        n: Flows of the run, where `p_values` are the lowest only; None: as many as p-values.

    Returns:
        Which are chosen. Shape `(m,)`.

    Source:
        Benjamini and Hochberg 1995. Conformal p-values of one calibration depend on each other positively, and the
        procedure holds for them (Bates et al. 2023, "Testing for outliers with conformal p-values", theorem 2). That
        is for ranks: where extrapolated p-values decide, it is as good as the fitted tail. The cap leaves it
        valid (Storey, Taylor and Siegmund 2004, theorem 3).

    Example:
        >>> benjamini_hochberg(np.array([0.001, 0.02, 0.03, 0.9]), 0.05).tolist()
        [True, True, True, False]
    """
    ordered = np.sort(p_values)
    level = np.minimum(q * np.arange(1, len(ordered) + 1) / (n or max(len(ordered), 1)), cap)
    passed = np.flatnonzero(ordered <= level)
    return p_values <= (ordered[passed[-1]] if len(passed) else -1.0)


class OnlineFdr:
    """Decides flow by flow, in their order, so that at most a share q of the alerts is expected to be false.

    Each flow has a level of its own: high at first and after discoveries, and falling ever further while there are
    none. So a stream that is all benign ends with nearly no alerts, and one with an attack has them. Flows among the
    candidates only are looked at one by one; the others only count.

    Args:
        q: Share of false discoveries, in (0, 1).

    Source:
        LORD++: Ramdas, Yang, Wainwright and Jordan 2017, "Online control of the false discovery rate with decaying
        memory", section 3. It is proved for independent p-values; those of one calibration share its luck.
    """

    def __init__(self, q: float) -> None:
        if not 0 < q < 1:
            raise ConfigError(f"fdr must be between 0 and 1, got {q}")
        self.q = q
        self.n_seen = 0
        self._wealth = q / 2
        self._first: int | None = None
        self._later = np.empty(0, dtype=np.int64)

    def select(self, p_values: Floats, candidates: Bools) -> Bools:
        """Decide on the next flows.

        Args:
            p_values: In the order of the flows. Shape `(n,)`.
            candidates: Those that alert at all. Shape `(n,)`.

        Returns:
            Which of the candidates to believe. Shape `(n,)`.
        """
        chosen = np.zeros(len(p_values), dtype=np.bool_)
        for row in np.flatnonzero(candidates):
            now = self.n_seen + int(row) + 1
            if p_values[row] <= self._level(now):
                chosen[row] = True
                self._discover(now)
        self.n_seen += len(p_values)
        return chosen

    def _level(self, now: int) -> float:
        level = float(_gamma(np.array([now]))[0]) * self._wealth
        if self._first is not None:
            level += float(_gamma(np.array([now - self._first]))[0]) * (self.q - self._wealth)
        return level + self.q * float(_gamma(now - self._later).sum())

    def _discover(self, now: int) -> None:
        if self._first is None:
            self._first = now
        else:
            self._later = np.append(self._later, now)[-REMEMBERED:]


def _gamma(t: NDArray[np.int64]) -> Floats:
    """The share of the error budget for the t-th flow, t >= 1; sums to less than 1 over all of them."""
    return 0.0722 * np.log(np.maximum(t, 2)) / (t * np.exp(np.sqrt(np.log(t))))
