"""NT-Xent equals its formula and does not care for lengths, order of views or of rows."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from tests.objectives.compare import pair, same, views

from clan.errors import ConfigError
from clan.objectives import CLDNN, SSCLIDS, SimCLR, nt_xent, objective


def slow_nt_xent(a: torch.Tensor, b: torch.Tensor, temperature: float) -> torch.Tensor:
    """Eq. 1 of Chen et al. 2020, view by view."""

    def similarity(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return torch.exp(torch.dot(u, v) / (u.norm() * v.norm()) / temperature)

    n, all_views, total = len(a), [*a, *b], a.sum() * 0
    for i in range(2 * n):
        others = [similarity(all_views[i], all_views[k]) for k in range(2 * n) if k != i]
        total = total - torch.log(similarity(all_views[i], all_views[(i + n) % (2 * n)]) / torch.stack(others).sum())
    return total / (2 * n)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_value_and_gradients_equal_the_formula(temperature: float) -> None:
    a, b = pair(0)
    same(nt_xent(a, b, temperature=temperature), slow_nt_xent(a, b, temperature), a, b)
    same(SimCLR(temperature)(views(a, b)), slow_nt_xent(a, b, temperature), a, b)


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), scale=st.floats(1e-2, 1e2))
def test_lengths_order_of_views_and_of_rows_do_not_matter(seed: int, scale: float) -> None:
    a, b = pair(seed)
    expected = pytest.approx(nt_xent(a, b).item(), rel=1e-9)
    assert nt_xent(b, a).item() == expected
    assert nt_xent(scale * a, b).item() == expected
    assert nt_xent(a.flip(0), b.flip(0)).item() == expected


def test_parallel_views_give_the_logarithm_of_their_number() -> None:
    same_direction = torch.ones(4, 3, dtype=torch.float64)
    assert nt_xent(same_direction, same_direction).item() == pytest.approx(math.log(7))


def test_kin_differ_in_temperature_and_views_only() -> None:
    a, b = pair(1)
    assert CLDNN()(views(a, b)).item() == pytest.approx(nt_xent(a, b, temperature=0.2).item())
    assert SSCLIDS()(views(a, b)).item() == pytest.approx(nt_xent(a, b, temperature=0.5).item())
    assert (CLDNN.n_augmented, SSCLIDS.n_augmented, SSCLIDS.anchor_share) == (1, 2, 0.5)
    assert "temperature=0.3" in repr(objective("simclr", temperature=0.3))


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf])
def test_temperature_out_of_range_is_refused(temperature: float) -> None:
    with pytest.raises(ConfigError, match="temperature must be above 0"):
        SimCLR(temperature)
