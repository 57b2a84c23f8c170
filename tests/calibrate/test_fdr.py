"""The share of false alerts is kept, over a run and online; without attacks hardly anything alerts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clan.calibrate import Budget, OnlineFdr, benjamini_hochberg, calibrate
from clan.calibrate.fdr import _gamma
from clan.errors import ConfigError


def shares(seed: int, n_attacks: int) -> list[tuple[float, float]]:
    """Share of false discoveries and of attacks found, over a run and online."""
    generator = np.random.default_rng(seed)
    calibration = calibrate(generator.exponential(size=2000), Budget(fpr=0.02))
    scores = generator.exponential(size=3000)
    attack = np.zeros(3000, dtype=bool)
    attack[1000 : 1000 + n_attacks] = True
    scores[attack] += 14
    p = calibration.p_value(scores)
    alert = p <= calibration.alpha
    found = benjamini_hochberg(p, 0.1, cap=calibration.alpha), OnlineFdr(0.1).select(p, alert)
    return [(float((f & ~attack).sum() / max(f.sum(), 1)), float(f[attack].mean()) if n_attacks else 0) for f in found]


@pytest.mark.parametrize("n_attacks", [0, 60])
def test_share_of_false_alerts_is_kept(n_attacks: int) -> None:
    run, online = np.mean([shares(seed, n_attacks) for seed in range(60)], axis=0)
    assert run[0] <= 0.13
    assert online[0] <= 0.13
    if n_attacks:
        assert run[1] > 0.95
        assert online[1] > 0.5


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=30), st.floats(0.01, 0.5))
def test_step_up_is_the_published_one(p_values: list[float], q: float) -> None:
    p, n = np.array(p_values), len(p_values)
    passed = [k for k in range(1, n + 1) if sorted(p_values)[k - 1] <= q * k / n]
    chosen = sorted(p_values)[: max(passed, default=0)]
    assert sorted(p[benjamini_hochberg(p, q)]) == chosen or set(chosen) == set(p[benjamini_hochberg(p, q)])


def test_decisions_do_not_depend_on_how_the_stream_is_cut() -> None:
    p = np.random.default_rng(0).uniform(size=4000) ** 3
    whole, cut = OnlineFdr(0.2), OnlineFdr(0.2)
    expected = whole.select(p, p < 0.05)
    parts = [cut.select(part, part < 0.05) for part in np.array_split(p, 37)]
    assert expected.any()
    assert (np.concatenate(parts) == expected).all()
    assert cut.n_seen == 4000


def test_levels_spend_no_more_than_there_is() -> None:
    assert _gamma(np.arange(1, 2_000_000)).sum() < 1


@pytest.mark.parametrize("found", [(), (1,), (7,), (3, 40, 41)])
def test_levels_online_are_the_published_ones(found: tuple[int, ...]) -> None:
    """LORD++: the first wealth, what it lacks to q after the first discovery, and q after each later one."""
    q = 0.2
    for now in (42, 100, 5000):
        earned = zip((q - q / 2, *[q] * len(found)), found, strict=False)
        level = q / 2 * _gamma(np.array([now]))[0] + sum(w * _gamma(np.array([now - t]))[0] for w, t in earned)
        for factor in (1 - 1e-9, 1 + 1e-9):
            p = np.ones(now)
            p[[t - 1 for t in found]] = 0
            p[-1] = level * factor
            chosen = OnlineFdr(q).select(p, p < 1)
            assert chosen[-1] == (factor < 1)
            assert chosen.sum() == len(found) + chosen[-1]


def test_levels_online_spend_at_most_q_a_discovery() -> None:
    online = OnlineFdr(0.2)
    online.select(np.zeros(3), np.ones(3, dtype=bool))
    assert sum(online._level(now) for now in range(4, 50_000)) <= 0.2 * 3


def test_share_out_of_range() -> None:
    with pytest.raises(ConfigError, match="fdr must be between 0 and 1, got 1"):
        OnlineFdr(1)
    assert not benjamini_hochberg(np.empty(0), 0.1).any()
