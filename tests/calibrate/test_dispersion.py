"""The dispersion is Pearson's chi-squared over its degrees of freedom."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from clan.calibrate.dispersion import dispersion


@pytest.mark.parametrize("counts", [(15, 0, 0), (2, 9, 6), (40, 1, 12, 30, 2)])
def test_it_is_pearsons(counts: tuple[int, ...]) -> None:
    n_blocks = min(20, sum(counts) // 5)
    table = np.zeros((n_blocks, 100), dtype=bool)
    for block, count in enumerate(counts):
        table[block, :count] = True
    chi_squared = chi2_contingency([table.sum(axis=1), (~table).sum(axis=1)], correction=False).statistic
    order = np.random.default_rng(0).permutation(table.size)
    shuffled = np.empty(table.size, dtype=bool)
    shuffled[order] = table.ravel()
    assert dispersion(shuffled, order) == pytest.approx(max(1.0, chi_squared / (n_blocks - 1)))


def test_independent_flows_have_none() -> None:
    generator = np.random.default_rng(0)
    found = [dispersion(generator.uniform(size=5000) < 0.05, np.arange(5000)) for _ in range(50)]
    assert 1 <= np.mean(found) < 1.25  # the mean of max(1, chi-squared of 19 degrees over 19) is 1.13
    assert dispersion(np.ones(100, dtype=bool), np.arange(100)) == 1
