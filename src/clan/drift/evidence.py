"""Evidence, valid at any time, that counts no longer follow the calibration, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, gammaln

Floats = NDArray[np.float64]
Side = Literal["above", "below"]

BLOCK = 256
"""Flows that are counted together, whatever batches they come in; a change can begin between any two blocks."""

KEPT_PER_AGE = 4
"""Starts that are remembered for each doubling of their age."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What the evidence says.

    Attributes:
        log10_e: Logarithm of the evidence: 2 means that benign flows like those of the calibration ever get this far in
            at most one stream of a hundred.
        since: Number of the flow from which the change is most likely.
        counts: What was counted since then, by bin.
    """

    log10_e: float
    since: int
    counts: NDArray[np.int64]


class Evidence:
    """Tests whether counts over bins go on as those of the calibration, without an end to the test.

    Under the null the new flows are exchangeable with the calibration flows, so the counts over bins that hold r_b of
    the calibration scores are Dirichlet-multinomial with parameters r_b, the luck of the calibration included, from
    whatever flow on they are counted. The alternative is a wide Dirichlet-multinomial around the same mean. For each
    block at which a change may have begun the likelihood ratio of the flows *from there on* is a martingale under the
    null; the evidence is the highest of them, each times the weight of its start. The chance that it ever exceeds
    1 / delta is at most the sum over the starts of weight times delta (Ville's inequality for each), so at most delta,
    however long the stream is and however often one looks. What came before a start says nothing against the flows
    after it: when an attack is over, the traffic is held against the calibration and not against the attack.

    Starts are thinned with age and never more than a few hundred: dropping one can only lower the evidence.

    Args:
        reference: Calibration flows in each bin, > 0. Shape `(n_bins,)`.
        concentration: Of the alternative; the smaller, the larger the changes that it expects. > 0.
        inflation: How many times as uncertain the calibration is as its number of flows says.
        dispersion: How many times as variable as of independent flows the counts are: the logarithm of every ratio is
            divided by it. That leaves the ratios e-values (Jensen), and bursts do not count for more than they tell.
        side: Of two bins, on which side of the calibration's share of the first one the alternative is. None: on any.
        weight: Share of the error that this test may take, in (0, 1].

    Source:
        Ville 1939, theorem 1; Vovk and Wang 2021, "E-values"; starts as of Shin, Ramdas and Rinaldo 2024,
        "E-detectors", with weights that sum to 1 in place of 1 each, so that the whole stream has one error rate.
    """

    def __init__(
        self,
        reference: Floats,
        *,
        concentration: float,
        inflation: float = 1.0,
        dispersion: float = 1.0,
        side: Side | None = None,
        weight: float = 1.0,
    ) -> None:
        self._null = reference / inflation
        self._mean = reference / reference.sum()
        self._alternative = self._mean * concentration
        self._dispersion, self._side, self._weight = dispersion, side, weight
        self._n_blocks = 0
        self._starts = np.empty(0, dtype=np.int64)
        self._counts = np.empty((0, len(reference)), dtype=np.int64)

    def update(self, counts: NDArray[np.int64]) -> None:
        """Take the counts of the next block; shape `(n_bins,)`."""
        self._starts = np.append(self._starts, self._n_blocks)
        self._counts = np.concatenate([self._counts, np.zeros((1, len(counts)), dtype=np.int64)]) + counts
        self._n_blocks += 1
        self._thin()

    def finding(self, rest: NDArray[np.int64]) -> Finding:
        """Say what there is, with the counts of a block that is not full yet; shape `(n_bins,)`."""
        starts = np.append(self._starts, self._n_blocks)
        counts = np.concatenate([self._counts, np.zeros((1, len(rest)), dtype=np.int64)]) + rest
        ratio = self._log_likelihood_ratio(counts) / self._dispersion
        weighed = ratio + np.log(self._weight) - np.log(starts + 1.0) - np.log(starts + 2.0)  # weights that sum to 1
        best = int(np.argmax(weighed))
        return Finding(
            log10_e=float(weighed[best] / np.log(10)), since=int(starts[best]) * BLOCK, counts=counts[best].copy()
        )

    def has_passed(self, found: Finding, rest: NDArray[np.int64], *, times: float) -> bool:
        """Whether what was found is over: some latest stretch of it is as the calibration.

        Args:
            found: What this evidence found with the same `rest`.
            rest: As of `finding`.
            times: How many times as likely the stretch has to be under the calibration's shares as under those of all
                that was counted since the change.
        """
        counts = self._counts[self._starts * BLOCK > found.since] + rest
        share = (found.counts + self._mean) / (found.counts.sum() + 1.0)
        return bool((counts @ np.log(self._mean / share) / self._dispersion).max(initial=-np.inf) >= np.log(times))

    def _log_likelihood_ratio(self, counts: NDArray[np.int64]) -> Floats:
        """Of the alternative to the null, for counts of shape `(n_starts, n_bins)`; shape `(n_starts,)`."""
        ratio = _log_probability(self._alternative, counts) - _log_probability(self._null, counts)
        if self._side is None:
            return ratio
        # the alternative's law of the first bin's share, cut at the calibration's: before and after the counts
        part = betaincc if self._side == "above" else betainc
        with np.errstate(divide="ignore"):  # counts that are surely on the other side
            after = np.log(part(*(self._alternative + counts).T, self._mean[0]))
        return np.asarray(np.maximum(ratio + after - np.log(part(*self._alternative, self._mean[0])), _NOTHING))

    def _thin(self) -> None:
        """Keep every start of the latest blocks, every second of older ones, every fourth of those before, and on."""
        age = self._n_blocks - self._starts
        step = 2 ** np.floor(np.log2(np.maximum(age / KEPT_PER_AGE, 1))).astype(np.int64)
        kept = self._starts % step == 0
        self._starts, self._counts = self._starts[kept], self._counts[kept]


_NOTHING = -1e6
"""Logarithm of a ratio that is as good as 0, kept finite for whoever writes it as JSON."""


def _log_probability(parameters: Floats, counts: NDArray[np.int64]) -> Floats:
    """Log-probability of flows, in their order, under a Dirichlet-multinomial; shape `(...,)`."""
    ways = (gammaln(parameters + counts) - gammaln(parameters)).sum(axis=-1)
    total = parameters.sum()
    return np.asarray(ways - (gammaln(total + counts.sum(axis=-1)) - gammaln(total)))
