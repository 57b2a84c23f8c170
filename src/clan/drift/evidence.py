"""Evidence, valid at any time, that counts no longer follow the calibration, and since when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

Floats = NDArray[np.float64]

BLOCK = 256
"""Flows that are counted together, whatever batches they come in; a change can begin between any two blocks."""

KEPT_PER_AGE = 4
"""Starts that are remembered for each doubling of their age."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What the evidence says.

    Attributes:
        log10_e: Logarithm of the e-value: 2 means that benign flows like those of the calibration get this far in at
            most one stream of a hundred.
        since: Number of the flow from which the change is most likely.
        counts: What was counted since then, by bin.
    """

    log10_e: float
    since: int
    counts: NDArray[np.int64]


class Evidence:
    """Tests whether counts over bins go on as those of the calibration, without an end to the test.

    Under the null the new flows are exchangeable with the calibration flows, so the counts over bins that hold r_b of
    the calibration scores are Dirichlet-multinomial with parameters r_b, the luck of the calibration included. The
    alternative is a wide Dirichlet-multinomial around the same mean that begins at some block. Its likelihood ratio,
    averaged over the blocks at which it might have begun, is a martingale under the null. So the chance that it ever
    exceeds 1 / delta is at most delta, however long the stream is and however often one looks.

    Starts are thinned with age and never more than a few hundred: dropping one can only lower the evidence.

    Args:
        reference: Calibration flows in each bin, > 0. Shape `(n_bins,)`.
        concentration: Of the alternative; the smaller, the larger the changes that it expects. > 0.
        inflation: How many times as uncertain the calibration is as its number of flows says.
        dispersion: How many times as variable as of independent flows the counts are: the logarithm of every ratio is
            divided by it. That leaves the ratios e-values (Jensen), and bursts do not count for more than they tell.

    Source:
        Ville 1939, theorem 1; Vovk and Wang 2021, "E-values"; mixtures over starts as of Shin, Ramdas and Rinaldo
        2024, "E-detectors", with weights that sum to 1 in place of 1 each, so that the whole stream has one error rate.
    """

    def __init__(
        self, reference: Floats, *, concentration: float, inflation: float = 1.0, dispersion: float = 1.0
    ) -> None:
        self._null = reference / inflation
        self._alternative = reference / reference.sum() * concentration
        self._dispersion = dispersion
        self._seen = np.zeros(len(reference))
        self._n_blocks = 0
        self._starts = np.empty(0, dtype=np.int64)
        self._counts = np.empty((0, len(reference)))
        self._log_ratio = np.empty(0)

    def update(self, counts: NDArray[np.int64]) -> None:
        """Take the counts of the next block; shape `(n_bins,)`."""
        self._starts = np.append(self._starts, self._n_blocks)
        self._counts = np.concatenate([self._counts, np.zeros((1, len(counts)))])
        self._log_ratio = np.append(self._log_ratio, 0.0)
        self._log_ratio += _gain(self._alternative + self._counts, counts) - _gain(self._null + self._seen, counts)
        self._counts += counts
        self._seen += counts
        self._n_blocks += 1
        self._thin()

    def finding(self, rest: NDArray[np.int64]) -> Finding:
        """Say what there is, with the counts of a block that is not full yet; shape `(n_bins,)`."""
        change = _gain(self._alternative + self._counts, rest) - _gain(self._null + self._seen, rest)
        weighed = _log_weight(self._starts) + (self._log_ratio + change) / self._dispersion
        ahead = -np.log(self._n_blocks + 1.0)  # weight of the starts to come, whose ratio is 1
        total = float(logsumexp(np.append(weighed, ahead)))
        best = int(np.argmax(weighed)) if len(weighed) else None
        since = int(self._starts[best]) * BLOCK if best is not None else 0
        counted = (self._counts[best] if best is not None else np.zeros(len(rest))) + rest
        return Finding(log10_e=total / np.log(10), since=since, counts=counted.astype(np.int64))

    def _thin(self) -> None:
        """Keep every start of the latest blocks, every second of older ones, every fourth of those before, and on."""
        age = self._n_blocks - self._starts
        step = 2 ** np.floor(np.log2(np.maximum(age / KEPT_PER_AGE, 1))).astype(np.int64)
        kept = self._starts % step == 0
        self._starts, self._counts, self._log_ratio = self._starts[kept], self._counts[kept], self._log_ratio[kept]


def _gain(parameters: Floats, counts: NDArray[np.int64]) -> Floats:
    """Log-probability of the next flows, in their order, under Dirichlet-multinomials; shape `(...,)`."""
    ways = (gammaln(parameters + counts) - gammaln(parameters)).sum(axis=-1)
    total = parameters.sum(axis=-1)
    return np.asarray(ways - (gammaln(total + counts.sum()) - gammaln(total)))


def _log_weight(starts: NDArray[np.int64]) -> Floats:
    """Weights 1 / ((j + 1) (j + 2)) of the starts j = 0, 1, ...; they sum to 1."""
    return -np.log(starts + 1.0) - np.log(starts + 2.0)
