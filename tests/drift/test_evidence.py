"""The evidence is the published e-value, and bursts do not count for more than they tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import dirichlet_multinomial

from clan.drift.evidence import Evidence, Side

REFERENCE, NOTHING = np.array([10.0, 990.0]), np.zeros(2, dtype=np.int64)


def log10_e(*blocks: tuple[int, int], **settings: Any) -> float:
    evidence = Evidence(REFERENCE, concentration=50.0, **settings)
    for block in blocks:
        evidence.update(np.array(block))
    return evidence.finding(NOTHING).log10_e


@pytest.mark.parametrize("dispersion", [1.0, 2.0, 7.0])
@pytest.mark.parametrize("alerts", [0, 3, 40])
def test_a_block_has_the_likelihood_ratio_tempered(alerts: int, dispersion: float) -> None:
    counts = np.array([alerts, 256 - alerts])
    wide, calibrated = (dirichlet_multinomial(a, 256).logpmf(counts) for a in (REFERENCE / 20, REFERENCE))
    # half the weight is on a change at this block, a sixth on one at the next, whose ratio is 1
    expected = np.log10(max(0.5 * np.exp((wide - calibrated) / dispersion), 1 / 6))
    assert log10_e((alerts, 256 - alerts), dispersion=dispersion) == pytest.approx(expected)


def test_what_came_before_a_change_does_not_matter_to_the_ratio_after_it() -> None:
    """A burst teaches the null nothing: the same flows after it are as much evidence as after quiet."""
    after = [(3, 253)] * 40
    bursts = [log10_e((burst, 256 - burst), *after, side="below") for burst in (3, 40, 200)]
    assert bursts[1] == pytest.approx(bursts[2])
    assert max(bursts) < 0


@pytest.mark.parametrize("side", ["above", "below"])
def test_each_side_is_a_mean_of_one_under_the_null(side: Side) -> None:
    """Over all outcomes of a block the ratio is 1 on the mean under the null, or it is no e-value."""
    alerts = np.arange(257)
    counts = np.column_stack([alerts, 256 - alerts])
    chance = dirichlet_multinomial(REFERENCE, 256).pmf(counts)
    evidence = Evidence(REFERENCE, concentration=50.0, side=side)
    ratio = np.exp(evidence._log_likelihood_ratio(counts))
    assert (chance * ratio).sum() == pytest.approx(1.0)
    assert (np.diff(ratio[:20]) > 0).all() if side == "above" else (np.diff(ratio) <= 0).all()


def test_bursts_of_a_dispersed_calibration_are_no_evidence() -> None:
    """A burst of forty at the rate of the calibration: as independent flows beyond doubt, as a burst nothing."""
    burst = [(0, 256)] * 15 + [(40, 216)]
    assert log10_e(*burst) > 5
    assert log10_e(*burst, dispersion=40.0) < 0.5
