"""The evidence is the published e-value, and bursts do not count for more than they tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import dirichlet_multinomial

from clan.drift.evidence import Evidence

REFERENCE, NOTHING = np.array([10.0, 990.0]), np.zeros(2, dtype=np.int64)


def log10_e(*blocks: tuple[int, int], dispersion: float = 1.0) -> float:
    evidence = Evidence(REFERENCE, concentration=50.0, dispersion=dispersion)
    for block in blocks:
        evidence.update(np.array(block))
    return evidence.finding(NOTHING).log10_e


@pytest.mark.parametrize("dispersion", [1.0, 2.0, 7.0])
@pytest.mark.parametrize("alerts", [0, 3, 40])
def test_a_block_has_the_likelihood_ratio_tempered(alerts: int, dispersion: float) -> None:
    counts = np.array([alerts, 256 - alerts])
    wide, calibrated = (dirichlet_multinomial(a, 256).logpmf(counts) for a in (REFERENCE / 20, REFERENCE))
    # half the weight is on a change at this block, half on those to come, whose ratio is 1
    expected = np.log10(0.5 * np.exp((wide - calibrated) / dispersion) + 0.5)
    assert log10_e((alerts, 256 - alerts), dispersion=dispersion) == pytest.approx(expected)


def test_bursts_of_a_dispersed_calibration_are_no_evidence() -> None:
    """A burst of forty at the rate of the calibration: as independent flows beyond doubt, as a burst nothing."""
    burst = [(0, 256)] * 15 + [(40, 216)]
    assert log10_e(*burst) > 5
    assert log10_e(*burst, dispersion=40.0) < 0.5
